"""Sentence templates: questions with est-ce que, with inversion and with question words."""

import lexicon as lex
from grammar import NOTHING, Subject, clause, np, word
from pieces import ACTIONS, FEEL, IDLE, PASTS, TRANSITIVE, V, ask, located, plain, template, where

# (verb, persons) whose inverted form is used: vois-tu, a-t-il.
INVERTED = {"être": (1, 2, 4, 5), "avoir": (1, 2, 4, 5), "aller": (1, 2, 4), "vouloir": (1, 4), "pouvoir": (1, 4),
            "voir": (1, 4), "chercher": (1, 4), "connaître": (1, 4), "manger": (1, 4), "habiter": (1, 4)}


def inverter(s, verb):
    subject = s.pronoun(INVERTED[verb])
    while subject.pronoun == "elles":
        subject = s.pronoun(INVERTED[verb])
    return subject


@template(32)
def question_est_ce_que(s):
    """est-ce que tu connais cette femme ? -> do you know this woman ?"""
    kind, subject = s.index(5), s.subject(0.75)
    if kind == 0:
        verb = s.verb(*IDLE)
        return ask(clause(subject, verb, form="est-ce", rest=where(s, verb)))
    if kind == 1:
        return ask(clause(subject, V["être"], form="est-ce", rest=s.quality(subject))) if s.chance(0.5) else ask(
            clause(subject := s.adult(), V["être"], form="est-ce", rest=s.job(subject)))
    verb = s.verb(*TRANSITIVE)
    if kind == 2:
        verb = s.verb(*PASTS, form="past ")
        return ask(clause(subject, verb, "past", form="est-ce", rest=s.object(verb, subject, adjective=0.15).phrase))
    if kind == 3:
        verb = s.verb(*ACTIONS, form="to ")
        return ask(clause(subject, verb, modal=s.verb("vouloir", "pouvoir", "devoir", "aller"), form="est-ce",
                          rest=s.object(verb, subject, adjective=0.15).phrase))
    return ask(clause(subject, verb, form="est-ce", rest=s.object(verb, subject, adjective=0.2).phrase))


@template(30)
def question_inversion(s):
    """es-tu étudiant ? -> are you a student ?"""
    name = s.pick(("être", "être", "avoir", "avoir", "aller", "vouloir", "pouvoir", "voir", "chercher",
                   "connaître", "manger", "habiter"))
    subject, verb = inverter(s, name), V[name]
    if name == "être":
        rest = s.pick((s.job, s.quality), key=lambda f: f.__name__)(subject) if s.chance(0.7) else s.somewhere(name)
    elif name == "avoir" and s.chance(0.4):
        verb, rest = FEEL, word(*s.pick(lex.FEELINGS))
    elif name == "avoir" and s.chance(0.6):
        act = s.verb(*PASTS, form="past ")
        return ask(clause(subject, act, "past", form="inversion", rest=s.object(act, subject, adjective=0.15).phrase))
    elif name == "habiter":
        inside = ("village", "ville", "forêt")
        rest = s.town(name) if s.chance(0.6) else s.at_home_of() if s.chance(0.6) else s.inside(name, inside)
    elif name == "aller" and s.chance(0.6):
        rest = s.whither(name)
    elif name in ("vouloir", "pouvoir", "aller"):
        act = s.verb(*ACTIONS, form="to ")
        return ask(clause(subject, act, modal=verb, form="inversion",
                          rest=s.object(act, subject, adjective=0.15).phrase))
    else:
        rest = s.object(verb, subject, adjective=0.25).phrase
    return ask(clause(subject, verb, form="inversion", rest=rest))


@template(18)
def question_where(s):
    """où habites-tu ? -> where do you live ?"""
    wh, kind = word("où", "where"), s.index(4)
    if kind == 0:
        name = s.pick(("habiter", "habiter", "manger", "aller"))
        return ask(clause(inverter(s, name), V[name], form="inversion", wh=wh))
    if kind == 1:
        found = located(s, ("object", "place", "animal", "clothes", "relative"))
        return ask(wh + word("sont" if found.plural else "est", "are" if found.plural else "is") + found.phrase)
    if kind == 2:
        name = s.pick(("habiter", "travailler", "dormir", "jouer", "aller"))
        return ask(clause(s.subject(0.6), V[name], form="est-ce", wh=wh))
    act = s.verb("acheter", "perdre", "trouver", "voir", "manger")
    subject = s.pronoun((1, 2, 4))
    return ask(clause(subject, act, "past", form="inversion", wh=wh,
                      rest=s.object(act, subject, adjective=0.15).phrase))


@template(14)
def question_when_why(s):
    """pourquoi est-ce que les enfants dorment ? -> why are the children sleeping ?"""
    if s.chance(0.5):
        wh = word("quand", "when")
        verb = s.verb("partir", "travailler", "venir", "aller", "manger")
        rest = s.whither("aller") if verb.text == "aller" else NOTHING
        if s.chance(0.5):
            return ask(clause(s.subject(0.6), verb, modal=None if verb.text == "aller" else V["aller"],
                              form="est-ce", wh=wh, rest=rest))
        act = s.verb(*ACTIONS, form="to ")
        subject = s.pronoun((1, 2, 4))
        return ask(clause(subject, act, modal=V["aller"], form="inversion", wh=wh,
                          rest=s.object(act, subject, adjective=0).phrase))
    wh = word("pourquoi", "why")
    if s.chance(0.5):
        subject = inverter(s, "être")
        return ask(clause(subject, V["être"], form="inversion", wh=wh, rest=s.quality(subject, True)))
    subject = s.subject(0.6)
    verb = s.verb(*IDLE, "partir")
    return ask(clause(subject, verb, form="est-ce", wh=wh,
                      rest=where(s, verb) if verb.text != "partir" and s.chance(0.3) else NOTHING))


@template(14)
def question_who(s):
    """qui a mangé le gâteau ? -> who ate the cake ?"""
    who, kind = Subject(word("qui", "who"), 2), s.index(4)
    anyone = Subject(NOTHING, 0)
    if kind == 0:
        return ask(clause(who, (verb := s.verb(*IDLE)), rest=where(s, verb)))
    if kind == 1:
        return ask(clause(who, (verb := s.verb(*PASTS, form="past ")), "past", rest=plain(s, verb)))
    if kind == 2:
        return ask(clause(who, (verb := s.verb(*ACTIONS, form="to ")),
                          modal=s.verb("vouloir", "pouvoir", "aller"), rest=plain(s, verb)))
    return ask(clause(who, (verb := s.verb("aimer", "connaître", "chercher", "attendre", "voir", "lire", "manger")),
                      rest=plain(s, verb)))


@template(18)
def question_what(s):
    """que vois-tu dans la rue ? -> what do you see in the street ?"""
    name = s.pick(("voir", "chercher", "manger"))
    place = s.somewhere(name) if s.chance(0.6) else NOTHING
    if s.chance(0.5):
        return ask(clause(inverter(s, name), V[name], form="inversion", wh=word("que", "what"), rest=place))
    wh = word("que", "what")
    if s.chance(0.5):
        verb = s.verb("voir", "manger", "acheter", "perdre", "trouver", "oublier", "lire", "écrire")
        return ask(clause(s.subject(0.6), verb, "past", form="est-ce", wh=wh, rest=place))
    verb = s.verb("voir", "chercher", "manger", "lire", "boire", "écrire", "acheter", "regarder")
    return ask(clause(s.subject(0.6), verb, form="est-ce", wh=wh, rest=place))


@template(12)
def question_which(s):
    """combien de livres as-tu ? -> how many books do you have ?"""
    if s.chance(0.5):
        noun = s.noun("object", "animal", "clothes", plural=True)
        wh = word("combien", "how many") + np(noun, "none", True).phrase
        return ask(clause(inverter(s, "avoir"), V["avoir"], form="inversion", wh=wh))
    name = s.pick(("voir", "chercher", "connaître", "manger", "vouloir"))
    verb = V[name]
    classes = ("object", "food", "clothes") if name == "vouloir" else lex.OBJECTS[name]
    found = s.thing(*classes, dets=("which",), adjective=0.2)
    while "relative" in found.noun.classes or not found.noun.countable:
        found = s.thing(*classes, dets=("which",), adjective=0.2)
    return ask(clause(inverter(s, name), verb, form="inversion", wh=found.phrase))
