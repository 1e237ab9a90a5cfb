"""What the sentence templates share: word lists, the register, objects, places and object pronouns."""

from dataclasses import replace

import lexicon as lex
from grammar import Clitic, adjective_english, np, word
from sampler import WORKPLACES

TEMPLATES = []  # (name, weight, function of a Sampler)

V = lex.VERBS
FEEL = replace(V["avoir"], english="be")  # avoir faim -> to be hungry
HIM = (Clitic("le", "him", "m", False), Clitic("la", "her", "f", False), Clitic("les", "them", "m", True),
       Clitic("les", "them", "f", True))
IT = (Clitic("le", "it", "m", False), Clitic("la", "it", "f", False), Clitic("les", "them", "m", True),
      Clitic("les", "them", "f", True))
ME = {0: Clitic("me", "me"), 1: Clitic("te", "you"), 3: Clitic("nous", "us"), 4: Clitic("vous", "you")}
TO_HIM = (Clitic("lui", "him"), Clitic("leur", "them"))
IDLE = ("travailler", "dormir", "chanter", "jouer", "parler")
TRANSITIVE = ("manger", "boire", "lire", "écrire", "acheter", "porter", "chercher", "attendre", "regarder",
              "aider", "voir", "connaître", "comprendre", "avoir")
PASTS = ("manger", "boire", "lire", "écrire", "acheter", "vendre", "chercher", "regarder", "aider",
         "voir", "comprendre", "perdre", "trouver", "oublier", "ouvrir", "fermer")
ACTIONS = ("manger", "boire", "lire", "écrire", "acheter", "vendre", "chercher", "attendre", "regarder", "aider",
           "voir", "comprendre", "ouvrir", "fermer", "trouver")
PASTIMES = ("dormir", "danser", "nager", "chanter", "courir", "lire", "travailler", "jouer", "parler")
WHERE = {"travailler": WORKPLACES, "dormir": ("hôtel", "bureau", "plage"), "jouer": ("parc", "plage", "école"),
         "chanter": ("école", "restaurant", "parc"), "courir": ("plage", "parc"),
         "manger": ("restaurant", "hôtel", "école", "bureau"), "danser": ("restaurant", "plage", "hôtel"),
         "nager": ("plage",), "lire": ("bibliothèque", "parc", "plage", "école")}
ROOMS = {"travailler": ("jardin", "cuisine", "chambre", "forêt"), "dormir": ("chambre", "jardin", "parc"),
         "jouer": ("jardin", "parc", "rue", "forêt", "chambre"), "chanter": ("rue", "cuisine", "jardin"),
         "courir": ("parc", "forêt", "rue", "jardin"), "parler": ("cuisine", "jardin", "rue"),
         "manger": ("cuisine", "jardin"), "danser": ("rue", "jardin", "cuisine"), "lire": ("jardin", "chambre")}


def template(weight):
    def register(function):
        TEMPLATES.append((function.__name__, weight, function))
        return function
    return register


def ask(phrase):
    return phrase + word("?", "?")


def where(s, verb):
    """A sensible place for the verb."""
    kind = s.index(4)
    if verb.text == "parler":  # parler à is to talk to somebody
        return s.at_home_of() if kind == 0 else s.inside(verb.text, names=ROOMS[verb.text])
    if kind == 0 or verb.text == "nager":
        return s.at(verb.text, names=WHERE[verb.text])
    if kind == 1:
        return s.inside(verb.text, names=ROOMS[verb.text])
    return s.town(verb.text) if kind == 2 else s.at_home_of()


def infinitive(verb):
    return word(verb.text, f"to {verb.english} {verb.particle}")


def pick_clitic(s, verb, subject, elided, personal=True):
    """An object pronoun; before a vowel l' could be him or her, so for persons only les remains."""
    people = verb.text in lex.PERSON_VERBS
    options = list(HIM if people else IT)
    if verb.text == "boire":
        options = options[:2]
    if people and elided:
        options = [HIM[2]]
    if people and personal:
        blocked = {0: (0, 3), 3: (0, 3), 1: (1, 4), 4: (1, 4)}.get(subject.person, ())
        options += [c for person, c in ME.items() if person not in blocked]
    return s.pick(options, key=lambda c: f"object {c.french} {c.gender}")


def plain(s, verb):
    """An object with the, a, this or these."""
    if verb.text == "aimer":
        found = np(s.noun("mass", "drink", "topic"), "generic")
    else:
        dets = ("the", "this") if verb.text in ("connaître", "comprendre", "regarder", "aider", "ouvrir",
                                                "fermer") else ("the", "this", "a")
        found = s.thing(*lex.OBJECTS[verb.text], dets=dets, adjective=0.25)
    return found.phrase.noting("verb, object", verb.text, found.noun.text)


def described(s, found):
    adjective = s.adjective(found.noun, found.plural, predicate=True)
    text = adjective.forms[found.gender, found.plural]
    return word(text, adjective_english(adjective, found.noun.classes)).noting(
        "noun, adjective", found.noun.text, adjective.text)


def located(s, subject_classes=("object", "animal", "clothes")):
    return s.thing(*subject_classes, dets=("the", "this", "my"), adjective=0.3)
