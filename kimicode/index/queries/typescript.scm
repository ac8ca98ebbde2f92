(class_declaration name: (type_identifier) @name) @class
(abstract_class_declaration name: (type_identifier) @name) @class
(interface_declaration name: (type_identifier) @name) @interface
(enum_declaration name: (identifier) @name) @enum
(type_alias_declaration name: (type_identifier) @name) @type
(module name: (identifier) @name) @module
(internal_module name: (identifier) @name) @module
(function_declaration name: (identifier) @name) @function
(generator_function_declaration name: (identifier) @name) @function
(function_signature name: (identifier) @name) @function
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @method
(method_signature name: (property_identifier) @name) @method
(abstract_method_signature name: (property_identifier) @name) @method
(public_field_definition name: (property_identifier) @name value: (arrow_function)) @method
(variable_declarator name: (identifier) @name value: [(arrow_function) (function_expression)]) @function
(pair key: (property_identifier) @name value: [(arrow_function) (function_expression)]) @function
(program (lexical_declaration (variable_declarator name: (identifier) @name) @variable))
(export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @variable))

(call_expression function: [
  (identifier) @reference
  (member_expression property: [(property_identifier) (private_property_identifier)] @reference)])
(new_expression constructor: [
  (identifier) @reference
  (member_expression property: (property_identifier) @reference)])
(import_specifier name: (identifier) @reference)
(import_clause (identifier) @reference)
(class_heritage (extends_clause value: (identifier) @reference))
(type_identifier) @reference
