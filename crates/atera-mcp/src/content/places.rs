//! Where reads of a narrowed server go on.
//!
//! A cursor says how many records come before. Where those of others are left out, that tells how many there are, and one that is
//! made up finds out where the list ends. So such a cursor is only a handle, and the server remembers what it stands for.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

/// How many places are remembered. The oldest are forgotten.
const MOST: usize = 1_000;

/// The places where reads go on, by their handles.
#[derive(Debug, Default)]
pub(crate) struct Places {
    known: Mutex<VecDeque<(String, String)>>,
}

impl Places {
    /// Remembers the text of a cursor, and returns its handle.
    pub(crate) fn keep(&self, place: String) -> String {
        let handle = Uuid::new_v4().to_string();
        let mut known = self.known();
        if known.len() == MOST {
            known.pop_front();
        }
        known.push_back((handle.clone(), place));
        handle
    }

    /// The cursor of a handle, which may be asked for more than once.
    pub(crate) fn find(&self, handle: &str) -> Option<String> {
        let known = self.known();
        let found = known.iter().find(|(known, _)| known == handle.trim());
        found.map(|(_, place)| place.clone())
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<(String, String)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_places_are_forgotten() {
        let places = Places::default();
        let place = |at: usize| at.to_string();
        let first = places.keep(place(1));
        let second = places.keep(place(2));
        for at in 3..=MOST {
            places.keep(place(at));
        }
        assert_eq!(places.find(&first), Some(place(1)));
        places.keep(place(0));
        assert_eq!(places.find(&first), None);
        assert_eq!(places.find(&second), Some(place(2)));
        assert_eq!(places.find("made up"), None);
    }
}
