//! Faults as they are written, and what they do to requests.
