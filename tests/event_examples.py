"""One example of every event, every field filled, made from the fields' types: the same one every time."""

from datetime import UTC, date, datetime

import msgspec
from msgspec import inspect

SALT, TEXT_SALT = bytes(range(32)), bytes(range(32, 64))
AT = datetime(2024, 5, 6, 7, 8, 9, 123456, UTC)


def example(cls):
    """An instance of the struct with a value in every field, optional ones too."""
    return msgspec.convert(_value(inspect.type_info(cls), cls.__name__.lower()), cls)


def _value(kind, name):
    match kind:
        case inspect.StructType(fields=fields):
            return {field.encode_name: _value(field.type, field.name) for field in fields}
        case inspect.UnionType(types=types):
            return _value(next(t for t in types if not isinstance(t, inspect.NoneType | inspect.CustomType)), name)
        case inspect.LiteralType(values=values):
            return values[-1]
        case inspect.StrType():
            return f"{name} – “é”"
        case inspect.IntType():
            return len(name)
        case inspect.BoolType():
            return True
        case inspect.DateTimeType():
            return AT
        case inspect.DateType():
            return date(2024, 5, 6)
        case inspect.VarTupleType(item_type=item):
            return [_value(item, name), _value(item, name + "2")]
        case inspect.TupleType(item_types=items):
            return [_value(item, name) for item in items]
        case inspect.DictType(key_type=key, value_type=value):
            return {_value(key, name): _value(value, name)}
        case _:
            raise TypeError(f"no example for {kind} ({name}); add one")
