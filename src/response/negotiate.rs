//! Content negotiation: in which documented media type a response is sent.
//!
//! Must not know how a body is written.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::media;
use crate::media::Choice;
use crate::openapi::{MediaType, Operation, Response as Documented};

use super::find::NotDocumented;
use super::not_sent::NotSent;
use super::{Accept, Decided};

/// The media type sent where it is documented and `Accept` is missing.
const JSON: &str = "application/json";

/// A documented media type of a response.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'d> {
    /// Its number in the response's content.
    pub number: usize,
    /// Its name, which can be a range.
    pub name: &'d str,
    /// Its documentation.
    pub media: &'d MediaType,
}

impl<'d> Offer<'d> {
    /// Those of a response.
    pub fn all(response: &'d Documented) -> impl Iterator<Item = Self> + Clone {
        let content = response.content.iter().enumerate();
        content.map(|(number, (name, media))| Self { number, name, media })
    }

    /// The default: JSON where there is some, else the first. It is one that suits
    /// the answer's own `Content-Type`, if there is such.
    pub fn preferred(response: &'d Documented, own_type: Option<&str>) -> Option<Self> {
        let suits = |offer: &Self| own_type.is_none_or(|own_type| offer.suits(own_type));
        usual(Self::all(response).filter(suits)).or_else(|| usual(Self::all(response)))
    }

    /// Returns true if a `Content-Type` is one of it; one of JSON may be called by another's name.
    pub fn suits(&self, content_type: &str) -> bool {
        (media::is_json(self.name) && media::is_json(content_type))
            || media::is_offered(self.name, content_type)
    }
}

/// The media type that is sent.
#[derive(Clone, Debug)]
pub(super) struct ChosenMedia<'d> {
    /// The one that is documented.
    pub(super) offer: Offer<'d>,
    /// Value of `Content-Type`: the documented media type, or for a range one that is in it.
    pub(super) name: Cow<'d, str>,
    /// Whether the document has a range here.
    pub(super) is_range: bool,
}

/// The media type that suits a request; none where there is no body to give.
///
/// Of those that suit equally it is the first in the document, as for `*/*`. A request that says nothing gets JSON where
/// there is some. Only those that have the example of a name are offered, if one is asked for and there is one.
pub(super) fn choose<'d>(
    operation: &Operation,
    decided: &Decided<'d>,
    headers: &HeaderMap,
) -> Result<Option<ChosenMedia<'d>>, NotSent> {
    let chosen = acceptable(decided, headers)?;
    let examples = chosen.as_ref().map(|chosen| &chosen.offer.media.examples);
    if let Some(name) = decided.example()
        && !examples.is_some_and(|examples| examples.contains_key(name))
    {
        let mut missing = NotDocumented::of(operation, Some(decided.status), Some(name));
        let accepted = examples.into_iter().flat_map(|examples| examples.keys());
        missing.examples = accepted.filter(|name| !name.is_empty()).cloned().collect();
        return Err(missing.into());
    }
    Ok(chosen)
}

fn acceptable<'d>(
    decided: &Decided<'d>,
    headers: &HeaderMap,
) -> Result<Option<ChosenMedia<'d>>, NotSent> {
    let own_type = decided.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
    let own_type = own_type.and_then(|(_, value)| value.as_ref()?.to_str().ok());
    let offered = Offer::all(decided.response).filter(|offer| {
        decided.offered.as_ref().is_none_or(|offered| offered.contains(&offer.number))
            && own_type.is_none_or(|own_type| offer.suits(own_type))
    });
    if offered.clone().next().is_none() {
        return own_type.map_or(Ok(None), |own_type| Err(unsuited(decided, own_type)));
    }
    if let Accept::Ignored(number) = decided.accept {
        let found = offered.clone().find(|offer| offer.number == number);
        return Ok(found.map(|found| ChosenMedia::of(found, own_type, &HeaderMap::new())));
    }
    let advises = decided.accept == Accept::Advises;
    let named = decided.example().and_then(|name| {
        let exemplary = offered.clone().filter(|offer| offer.media.examples.contains_key(name));
        best(exemplary.clone(), headers).or_else(|| usual(exemplary).filter(|_| advises))
    });
    match named.or_else(|| best(offered.clone(), headers)) {
        Some(found) => Ok(Some(ChosenMedia::of(found, own_type, headers))),
        None if advises => {
            Ok(usual(offered).map(|found| ChosenMedia::of(found, own_type, headers)))
        }
        // There is no body that could not be accepted.
        None if decided.status == 204 => Ok(None),
        None => Err(NotSent::NotAcceptable(offered.map(|offer| offer.name.to_owned()).collect())),
    }
}

/// The best of the offered media types for the `Accept` of a request; none if it admits none of them.
fn best<'d>(
    offered: impl Iterator<Item = Offer<'d>> + Clone,
    headers: &HeaderMap,
) -> Option<Offer<'d>> {
    match media::choose(headers, offered.clone().map(|offer| offer.name)) {
        Choice::Of(chosen) => offered.clone().find(|offer| offer.name == chosen),
        Choice::Anything => usual(offered),
        Choice::None => None,
    }
}

/// The media type that is given where a request does not say.
fn usual<'d>(mut offered: impl Iterator<Item = Offer<'d>> + Clone) -> Option<Offer<'d>> {
    let find = |wanted: fn(&str) -> bool| offered.clone().find(|offer| wanted(offer.name));
    let json = find(|name| media::essence(name) == JSON).or_else(|| find(media::is_json));
    json.or_else(|| offered.next())
}

fn unsuited(decided: &Decided<'_>, own_type: &str) -> NotSent {
    NotSent::Unfit(match Offer::preferred(decided.response, None) {
        None => format!("`Content-Type` is `{own_type}`, and the answer has no body"),
        Some(Offer { name, .. }) => {
            format!("`Content-Type` is `{own_type}`, and the body is documented as `{name}`")
        }
    })
}

impl<'d> ChosenMedia<'d> {
    /// An offered media type; of a range, what the answer says itself, what the client asked for, or the most usual type in it.
    fn of(offer: Offer<'d>, own_type: Option<&str>, headers: &HeaderMap) -> Self {
        let is_range = offer.name.contains('*');
        let name = match own_type {
            _ if !is_range => Cow::Borrowed(offer.name),
            Some(own_type) => Cow::Owned(own_type.to_owned()),
            None => media::concrete(headers, offer.name),
        };
        Self { offer, name, is_range }
    }

    /// The offer as if it were documented by the name that is sent.
    pub(super) fn sent(&self) -> Offer<'_> {
        Offer { name: &self.name, ..self.offer }
    }
}
