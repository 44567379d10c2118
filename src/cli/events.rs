//! Server-sent events (HTML Living Standard, section 9.2), as far as a server of this program writes them.
//!
//! Must not know where they come from.

use std::io;

use bytes::BytesMut;

/// Maximum number of bytes of one event: entries of a journal keep at most a part of a body.
const EVENT_BYTES_MAX: usize = 64 << 20;

/// Between two events.
const END: &[u8] = b"\n\n";

/// Something that a server tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// Its number, if it has one.
    pub(super) id: Option<u64>,
    /// What it is about.
    pub(super) kind: String,
    /// JSON.
    pub(super) data: String,
}

/// Makes events of what comes, in whatever pieces it does.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    bytes: BytesMut,
    /// How many of the bytes were searched already, so that a long event is not searched anew with each piece of it.
    searched: usize,
}

impl EventReader {
    /// Takes what has come.
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next event that is there whole; comments are passed over. Fails with [`io::ErrorKind::InvalidData`] where one is
    /// too long.
    pub(super) fn next(&mut self) -> io::Result<Option<Event>> {
        while let Some(end) = self.end() {
            let block = self.bytes.split_to(end);
            let event = read(&String::from_utf8_lossy(&block));
            if !event.kind.is_empty() {
                return Ok(Some(event));
            }
        }
        if self.bytes.len() > EVENT_BYTES_MAX {
            let problem = format!("an event has more than {EVENT_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
        }
        Ok(None)
    }

    /// Where the first event ends.
    fn end(&mut self) -> Option<usize> {
        let found = self.bytes[self.searched..].windows(END.len()).position(|at| at == END);
        let end = found.map(|at| self.searched + at + END.len());
        // The last byte can be the first of an end.
        self.searched = if end.is_some() { 0 } else { self.bytes.len().saturating_sub(1) };
        end
    }
}

fn read(block: &str) -> Event {
    let mut event = Event::default();
    for (name, value) in block.lines().filter_map(|line| line.split_once(": ")) {
        match name {
            "id" => event.id = value.parse().ok(),
            "event" => value.clone_into(&mut event.kind),
            "data" => value.clone_into(&mut event.data),
            _ => {}
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_in_whatever_pieces_they_come() {
        let text = ": listening\n\nid: 7\nevent: call\ndata: {\"a\": \"b: c\"}\n\nevent: gap\ndata: {}\n\nid: 8\n";
        let event = |id, kind: &str, data: &str| Event { id, kind: kind.into(), data: data.into() };
        let expected = [event(Some(7), "call", r#"{"a": "b: c"}"#), event(None, "gap", "{}")];
        for size in 1..text.len() {
            let mut reader = EventReader::default();
            let mut events = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                reader.add(piece);
                while let Some(event) = reader.next().unwrap() {
                    events.push(event);
                }
            }
            assert_eq!(events, expected, "{size}");
        }
    }

    #[test]
    fn a_long_event_takes_no_longer_in_many_pieces() {
        let mut reader = EventReader::default();
        reader.add(b"event: call\ndata: ");
        for _ in 0..8 << 10 {
            reader.add(&[b'x'; 1 << 10]);
            assert_eq!(reader.next().unwrap(), None);
        }
        reader.add(b"\n\n");
        assert_eq!(reader.next().unwrap().unwrap().data.len(), 8 << 20);
    }

    #[test]
    fn an_event_without_end_is_an_error() {
        let mut reader = EventReader::default();
        reader.add(&vec![b'x'; EVENT_BYTES_MAX]);
        assert_eq!(reader.next().unwrap(), None);
        reader.add(b"x");
        assert_eq!(reader.next().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
