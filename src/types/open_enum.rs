//! Enums that stay open: they have the values known today, and `Other` for values that Atera adds.

/// Defines such an enum: a variant per known value, and `Other`.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "` on the wire.")] $variant,)*
            /// A value that this version does not know, as it is on the wire.
            Other(String),
        }

        impl $name {
            /// The values known today, as they are on the wire.
            pub const VALUES: &'static [&'static str] = &[$($value),*];

            /// The value as it is on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    _ => Self::Other(value.to_string()),
                }
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::from(value.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::types::lenient::Scalar for $name {
            const EXPECTED: &'static str = <String as $crate::types::lenient::Scalar>::EXPECTED;

            fn from_text(text: &str) -> Option<Self> {
                Some(Self::from(text))
            }

            fn from_integer(number: i64) -> Option<Self> {
                <String as $crate::types::lenient::Scalar>::from_integer(number).map(Self::from)
            }

            fn from_unsigned(number: u64) -> Option<Self> {
                <String as $crate::types::lenient::Scalar>::from_unsigned(number).map(Self::from)
            }

            fn from_float(number: f64) -> Option<Self> {
                <String as $crate::types::lenient::Scalar>::from_float(number).map(Self::from)
            }

            fn from_bool(value: bool) -> Option<Self> {
                <String as $crate::types::lenient::Scalar>::from_bool(value).map(Self::from)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::types::lenient::read(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                // Not an `enum`, which would refuse what Atera adds; the known values are examples.
                schemars::json_schema!({"type": "string", "examples": Self::VALUES})
            }
        }
    };
}

pub(crate) use open_enum;
