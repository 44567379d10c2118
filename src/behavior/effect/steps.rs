//! Reading the effects of a rule or a job, one or several.
//!
//! Must not know what an effect does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::behavior::effect::create::Create;
use crate::behavior::effect::delete::Delete;
use crate::behavior::effect::format::{EffectFormat, StepFormat};
use crate::behavior::effect::plan::{Effect, Step};
use crate::behavior::effect::read::EffectReader;
use crate::behavior::effect::replace::Replace;
use crate::behavior::effect::start_job::StartJob;
use crate::behavior::effect::update::Update;
use crate::behavior::names::{NamesInScope, expression};
use crate::expression::{Expression, ScopeNames, Type, loop_head};
use crate::pointer::child;

/// Effects that were read, and the types of the records that they create or change, by name.
pub(crate) type Read = (Vec<Step>, BTreeMap<String, Type>);

impl EffectReader<'_, '_> {
    /// The effects of a rule or job, which says one by itself or several in a list; `None` when they cannot be honoured.
    pub(crate) fn read(
        &mut self,
        one: &EffectFormat,
        several: &[StepFormat],
        pointer: &str,
        names: &NamesInScope<'_>,
    ) -> Option<Read> {
        let has_one = !one.given().is_empty() || !one.beside().is_empty();
        let mut read: Read = Default::default();
        if has_one && !several.is_empty() {
            let message = "an effect stands beside `do`";
            self.notes.error(&format!("{pointer}/do"), message, "move it into the list".to_owned());
            return None;
        }
        if has_one {
            self.step(one, None, pointer, names, &mut read)?;
        }
        let mut is_sound = true;
        for (number, step) in several.iter().enumerate() {
            let pointer = child(&format!("{pointer}/do"), number);
            let names = match number {
                0 => names.clone(),
                _ => names.clone().and("made", Type::fields(read.1.clone())),
            };
            is_sound &= self.in_list(step, &pointer, &names, &mut read).is_some();
        }
        is_sound.then_some(read)
    }

    /// One effect of a list, with the elements that it is made for and where it is made.
    fn in_list(
        &mut self,
        format: &StepFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
        read: &mut Read,
    ) -> Option<()> {
        let mut names = names.clone();
        let each = match &format.each {
            None => None,
            Some(text) => {
                let place = format!("{pointer}/for");
                let (name, list) = match loop_head(text) {
                    Ok(head) => head,
                    Err(mistake) => {
                        self.notes.mistakes(&place, [mistake]);
                        return None;
                    }
                };
                let (kind, mistakes) = list.check(&names);
                self.notes.mistakes(&place, mistakes);
                if names.name(&name).is_some() {
                    let message = format!("`{name}` means something else already");
                    self.notes.error(&place, message, "choose another name".to_owned());
                }
                let element = match kind {
                    Type::List(element) => *element,
                    _ => Type::Any,
                };
                names = names.and(&name, element);
                Some((name, list))
            }
        };
        let when = match &format.when {
            None => None,
            Some(text) => Some(expression(text, &format!("{pointer}/when"), &names, self.notes)?.0),
        };
        self.step(&format.effect, each, pointer, &names, read)?;
        read.0.last_mut()?.when = when;
        Some(())
    }

    fn step(
        &mut self,
        format: &EffectFormat,
        each: Option<(Arc<str>, Expression)>,
        pointer: &str,
        names: &NamesInScope<'_>,
        read: &mut Read,
    ) -> Option<()> {
        let given = format.given();
        let [(kind, text)] = given.as_slice() else {
            let message = match given.as_slice() {
                [] => "this names no effect".to_owned(),
                [(first, _), (second, _), ..] => {
                    let place = format!("{pointer}/{first}");
                    let message = format!("`{first}` and `{second}` are two effects");
                    let hint = "write them as a list: `do: [{ … }, { … }]`".to_owned();
                    self.notes.error(&place, message, hint);
                    return None;
                }
                [_] => return None,
            };
            let hint = "add `delete`, `update`, `replace`, `create` or `start_job`".to_owned();
            self.notes.error(pointer, message, hint);
            return None;
        };
        let unused = format.beside().into_iter().find(|(_, effects)| !effects.contains(kind));
        if let Some((key, effects)) = unused {
            let message = format!("`{key}` does not go with `{kind}`");
            let hint = format!("it goes with `{}`", effects.join("`, `"));
            self.notes.error(&child(pointer, key), message, hint);
        }
        let (effect, resource) = self.effect(kind, text, format, pointer, names)?;
        let name = format.name.as_deref();
        if *kind != "delete" {
            let resource = resource.map(|number| self.shapes[number].name.clone());
            let kind = resource.clone().map_or(Type::Any, Type::Record);
            let kind = if each.is_some() { Type::List(Box::new(kind)) } else { kind };
            if let Some(name) =
                name.map(ToOwned::to_owned).or_else(|| resource.map(|it| it.to_string()))
            {
                read.1.insert(name, kind);
            }
        }
        // A list has its name even where it is empty.
        let name = match (name, &each) {
            (None, Some(_)) => resource.map(|number| Arc::clone(&self.shapes[number].name)),
            (name, _) => name.map(Into::into),
        };
        read.0.push(Step { effect, name, each, when: None });
        Some(())
    }

    /// The effect of that key, and the resource of the record that it creates or changes.
    fn effect(
        &mut self,
        kind: &str,
        text: &str,
        format: &EffectFormat,
        pointer: &str,
        names: &NamesInScope<'_>,
    ) -> Option<(Box<dyn Effect>, Option<usize>)> {
        Some(match kind {
            "delete" => boxed((Delete::read(text, pointer, names, self)?, None)),
            "update" => boxed(Update::read(text, format, pointer, names, self)?),
            "replace" => boxed(Replace::read(text, format, pointer, names, self)?),
            "create" => boxed(Create::read(text, format, pointer, names, self)?),
            _ => boxed(StartJob::read(text, format, pointer, names, self)?),
        })
    }
}

fn boxed<E: Effect + 'static>(
    (effect, resource): (E, Option<usize>),
) -> (Box<dyn Effect>, Option<usize>) {
    (Box::new(effect), resource)
}
