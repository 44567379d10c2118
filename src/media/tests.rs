//! What is accepted, and what bodies look like.
