//! The table of aliases (POSIX 2.3.1).

use sys::{Buf, List, ToBuf};

/// Aliases by name: name and value.
pub(crate) struct Aliases(List<(Buf, Buf)>);

impl Aliases {
    #[inline(always)]
    pub(crate) fn new() -> Aliases {
        Aliases(List::new())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by name.
    #[inline(always)]
    pub(crate) fn iter(&self) -> core::slice::Iter<'_, (Buf, Buf)> {
        self.0.iter()
    }

    /// Value of the alias `name`.
    #[inline(never)]
    pub(crate) fn get(&self, name: &[u8]) -> Option<&Buf> {
        self.0.iter().find(|a| a.0 == name).map(|a| &a.1)
    }

    /// Sets an alias.
    #[inline(always)]
    pub(crate) fn set(&mut self, name: &[u8], value: &[u8]) {
        let at = self.0.iter().position(|a| *a.0 >= *name).unwrap_or(self.0.len());
        if self.0.get(at).is_some_and(|a| a.0 == name) {
            self.0.remove(at);
        }
        self.0.insert(at, (name.buf(), value.buf()));
    }

    /// Removes an alias; false if there is none of this name.
    #[inline(always)]
    pub(crate) fn remove(&mut self, name: &[u8]) -> bool {
        self.0.iter().position(|a| a.0 == name).and_then(|n| self.0.remove(n)).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The list itself, which a subshell gets that is started by exec.
    pub(crate) fn list_mut(&mut self) -> &mut List<(Buf, Buf)> {
        &mut self.0
    }
}
