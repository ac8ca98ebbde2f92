(class_definition name: (identifier) @name) @class
(function_definition name: (identifier) @name) @function
(module (expression_statement (assignment left: (identifier) @name) @variable))
(class_definition body: (block (expression_statement (assignment left: (identifier) @name) @variable)))
(type_alias_statement left: (type (identifier) @name)) @type

(call function: [(identifier) @reference (attribute attribute: (identifier) @reference)])
(import_from_statement name: [
  (dotted_name (identifier) @reference)
  (aliased_import name: (dotted_name (identifier) @reference))])
(import_statement name: (dotted_name (identifier) @reference .))
(class_definition superclasses: (argument_list [
  (identifier) @reference
  (attribute attribute: (identifier) @reference)]))
(decorator [(identifier) @reference (attribute attribute: (identifier) @reference)])
(type (identifier) @reference)
(type (attribute attribute: (identifier) @reference))
(except_clause (identifier) @reference)
