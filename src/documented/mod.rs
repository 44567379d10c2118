//! Documented answers: which response the contract alone gives to a request, without a behavior file.
//!
//! Which response and which example is as Prism chooses them: users of contract mocks rely on that
//! order. Where Prism hides what it does (a status that is asked for gives way to another when the media type does not
//! suit), this does not. Must not know records, sandboxes or how a request was routed.

mod answer;
mod call;
mod check;
mod checked;
mod choose;
mod refuse;
mod request;
mod unread;

pub use answer::{ContractAnswer, answer, preferred};
pub use call::{SampleCall, short_call_at, valid_call, valid_call_at};
pub use check::{check, findings};
pub use checked::is_valid;
pub use request::ContractRequest;
pub use unread::{UnreadBody, unread_body};

#[cfg(test)]
mod tests;
