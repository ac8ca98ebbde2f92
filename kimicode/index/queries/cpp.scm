(function_definition declarator: (function_declarator declarator: [
  (identifier) @name
  (qualified_identifier scope: (_) @container name: [(identifier) (destructor_name) (operator_name)] @name)
  (qualified_identifier name: (qualified_identifier scope: (_) @container name: [(identifier) (destructor_name)] @name))])) @function
(function_definition declarator: (_ (function_declarator declarator: [
  (identifier) @name
  (qualified_identifier scope: (_) @container name: (identifier) @name)]))) @function
(function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @method
(function_definition declarator: (_ (function_declarator declarator: (field_identifier) @name))) @method
(declaration declarator: (function_declarator declarator: (identifier) @name)) @function
(declaration declarator: (_ (function_declarator declarator: (identifier) @name))) @function
(field_declaration declarator: (function_declarator declarator: (field_identifier) @name)) @method
(field_declaration declarator: (_ (function_declarator declarator: (field_identifier) @name))) @method
(class_specifier name: [(type_identifier) @name (template_type name: (type_identifier) @name)] body: (_)) @class
(struct_specifier name: [(type_identifier) @name (template_type name: (type_identifier) @name)] body: (_)) @class
(union_specifier name: (type_identifier) @name body: (_)) @class
(enum_specifier name: (type_identifier) @name body: (_)) @enum
(enumerator name: (identifier) @name) @constant
(type_definition declarator: (type_identifier) @name) @type
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(namespace_definition name: (namespace_identifier) @name) @module
(namespace_definition name: (nested_namespace_specifier) @name) @module
(preproc_def name: (identifier) @name) @macro
(preproc_function_def name: (identifier) @name) @macro
(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @variable)

(call_expression function: [
  (identifier) @reference
  (qualified_identifier name: (identifier) @reference)
  (qualified_identifier name: (qualified_identifier name: (identifier) @reference))
  (template_function name: (identifier) @reference)
  (qualified_identifier name: (template_function name: (identifier) @reference))
  (field_expression field: (field_identifier) @reference)])
(type_identifier) @reference
