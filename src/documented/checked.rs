//! What is wrong with a request that the contract alone judges: its credentials, by presence and shape, and the rest.
//!
//! Must not know what is answered.

use http::HeaderValue;

use crate::documented::ContractRequest;
use crate::documented::unread::{UnreadBody, unread_body};
use crate::openapi::{Location, Operation, SecurityScheme};
use crate::security;
use crate::security::{CredentialParts, Rejection};
use crate::validation::{MessagePart, Violation};

/// The keyword of a violation that is about credentials.
pub(super) const SECURITY: &str = "security";

/// A request with its violations and the state of its credentials.
#[derive(Clone, Debug)]
pub(super) struct CheckedRequest {
    /// All that is wrong, credentials first.
    pub(super) violations: Vec<Violation>,
    /// Value of `WWW-Authenticate` when authentication fails.
    pub(super) challenge: Option<HeaderValue>,
    is_rejected: bool,
}

/// Holds a request's credentials against what its operation asks for.
pub(super) fn check_request(asked: &ContractRequest<'_>, operation: &Operation) -> CheckedRequest {
    let mut request = CheckedRequest {
        violations: asked.violations.to_vec(),
        challenge: None,
        is_rejected: false,
    };
    let schemes = &asked.contract.security_schemes;
    let parts = CredentialParts { headers: asked.headers, query: asked.query };
    // Any credential of the right form is accepted: callers are not known here.
    let verdict = security::authenticate(&operation.security, schemes, &parts, &mut |_, _| Ok(()));
    if let Err(rejection) = verdict {
        let violation = violation(&rejection, schemes.get(&rejection.scheme));
        request.violations.insert(0, violation);
        let challenge = security::challenge(&operation.security, schemes);
        request.challenge = challenge.and_then(|text| HeaderValue::from_str(&text).ok());
        request.is_rejected = true;
    }
    request
}

/// Returns true if a request keeps the contract, as far as that alone can tell.
pub fn is_valid(asked: &ContractRequest<'_>) -> bool {
    let operation = &asked.contract.operations[asked.number];
    asked.violations.is_empty() && check_request(asked, operation).is_valid()
}

impl CheckedRequest {
    /// Returns true if nothing is wrong.
    pub(super) fn is_valid(&self) -> bool {
        self.violations.is_empty()
    }

    /// Returns true if the credentials do not do.
    pub(super) fn is_rejected(&self) -> bool {
        self.is_rejected
    }

    /// Returns true if the body is of a type that the operation does not take.
    pub(super) fn is_of_wrong_type(&self) -> bool {
        self.violations.iter().any(|violation| violation.keyword == "media_type")
    }

    /// Why the body was not read, if it was not.
    pub(super) fn unread_body(&self) -> Option<UnreadBody> {
        unread_body(&self.violations)
    }

    /// The statuses that say what is wrong, the fittest first.
    pub(super) fn expected(&self) -> &'static [u16] {
        if self.is_rejected {
            &[401]
        } else if let Some(unread) = self.unread_body() {
            unread.expected()
        } else if self.is_of_wrong_type() {
            &[415, 422, 400]
        } else {
            &[422, 400]
        }
    }
}

fn violation(rejection: &Rejection, scheme: Option<&SecurityScheme>) -> Violation {
    let (place, field) = match scheme {
        Some(SecurityScheme::ApiKey { location, name }) => match location {
            Location::Query => (MessagePart::Query, name.as_str()),
            Location::Cookie => (MessagePart::Cookie, name.as_str()),
            Location::Header | Location::Path => (MessagePart::Header, name.as_str()),
        },
        _ => (MessagePart::Header, "Authorization"),
    };
    let expected = Some(rejection.scheme.as_str().into());
    let reason = rejection.reason.as_str();
    let text = format!("must hold a credential for `{}`, which is {reason}", rejection.scheme);
    Violation::new(place, field, SECURITY, expected, text)
}
