//! Positional parameters (POSIX 2.5.1).

use crate::expand::fields::Fields;

/// The positional parameters of a script or of the function that runs.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Positional {
    /// Number of the field that is `$1`; those before are the name of the function, or shifted out.
    first: usize,
    fields: Fields,
}

impl Positional {
    /// The fields from number `first` on.
    #[inline(always)]
    pub(crate) fn new(fields: Fields, first: usize) -> Positional {
        Positional { first, fields }
    }

    /// How many there are: `$#`.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.fields.len().saturating_sub(self.first)
    }

    /// Parameter number `n`, counted from 0.
    #[inline(always)]
    pub(crate) fn get(&self, n: usize) -> Option<&[u8]> {
        let i = self.first.checked_add(n)?;
        (i < self.fields.len()).then(|| self.fields.get(i))
    }

    /// The fields that hold them, and the number of the first that does.
    #[inline(always)]
    pub(crate) fn fields(&self) -> (&Fields, usize) {
        (&self.fields, self.first)
    }

    /// Appends one.
    #[inline(always)]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.fields.push(text);
    }

    /// Takes the first `n` away; false, and none is taken, if there are fewer.
    #[inline(always)]
    pub(crate) fn shift(&mut self, n: usize) -> bool {
        let enough = n <= self.len();
        if enough {
            self.first += n;
        }
        enough
    }

    /// The fields, for their room to be used again.
    #[inline(always)]
    pub(crate) fn into_fields(self) -> Fields {
        self.fields
    }
}
