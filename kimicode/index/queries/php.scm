(namespace_definition name: (namespace_name) @name) @module
(class_declaration name: (name) @name) @class
(trait_declaration name: (name) @name) @class
(interface_declaration name: (name) @name) @interface
(enum_declaration name: (name) @name) @enum
(enum_case name: (name) @name) @constant
(function_definition name: (name) @name) @function
(method_declaration name: (name) @name) @method
(const_element (name) @name) @constant
(property_declaration (property_element (variable_name (name) @name))) @variable

(function_call_expression function: [(name) @reference (qualified_name (name) @reference)])
(scoped_call_expression scope: (name) @reference)
(scoped_call_expression name: (name) @reference)
(member_call_expression name: (name) @reference)
(nullsafe_member_call_expression name: (name) @reference)
(object_creation_expression [(name) @reference (qualified_name (name) @reference)])
(base_clause (name) @reference)
(class_interface_clause (name) @reference)
(named_type [(name) @reference (qualified_name (name) @reference)])
(namespace_use_clause [(name) @reference (qualified_name (name) @reference)])
