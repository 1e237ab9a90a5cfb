"""Sentence templates: relative clauses, comparison, possession, joined clauses, commands."""

from dataclasses import replace

import lexicon as lex
from grammar import NOTHING, Phrase, Subject, adjective_english, clause, fixed, np, word
from sampler import CHILDREN, COMING, GONE, NOW
from pieces import ACTIONS, FEEL, IDLE, PASTS, TRANSITIVE, V, described, plain, template, where


def who_does(s, found, person=True):
    """qui dort dans le jardin -> who is sleeping in the garden"""
    qui = Subject(word("qui", "who"), 5 if found.plural else 2, found.gender, found.plural)
    if s.chance(0.5):
        verb = s.verb(*IDLE)
        return clause(qui, verb, rest=where(s, verb) if s.chance(0.6) else NOTHING)
    verb = s.verb("lire", "manger", "porter", "acheter", "chercher", "attendre", "regarder")
    return clause(qui, verb, rest=plain(s, verb))


def human(s, plural=None):
    plural = s.chance(0.3) if plural is None else plural
    noun = s.noun("person", "job", plural=plural)
    return np(noun, "the", plural, s.adjective(noun, plural) if s.chance(0.15) else None)


@template(14)
def relative_subject(s):
    """la femme qui lit un journal est médecin -> the woman who is reading a newspaper is a doctor"""
    found = human(s)
    subject = s.as_subject(found)
    subject = replace(subject, phrase=subject.phrase + who_does(s, found))
    may_work = s.chance(0.4) and found.noun.text not in CHILDREN and "job" not in found.noun.classes
    rest = s.job(subject) if may_work else s.quality(subject)
    return clause(subject, V["être"], rest=rest)


@template(14)
def relative_in_object(s):
    """je connais l' homme qui parle -> i know the man who is talking"""
    found = human(s)
    verb = s.verb("connaître", "voir", "chercher", "aider", "attendre")
    tense = "past" if verb.text not in ("connaître", "attendre") and s.chance(0.3) else "present"
    rest = found.phrase.noting("verb, object", verb.text, found.noun.text)
    return clause(s.subject(0.7), verb, tense, rest=rest + who_does(s, found),
                  negation="pas" if s.chance(0.2) else "")


@template(24)
def relative_object(s):
    """les fleurs que tu as achetées sont rouges -> the flowers that you bought are red"""
    verb = s.verb("lire", "manger", "acheter", "porter", "chercher", "voir", "perdre", "trouver", "écrire",
                  form="that ")
    always, often = ("perdre", "trouver", "écrire"), ("lire", "acheter", "voir")
    tense = "past" if verb.text in always or (verb.text in often and s.chance(0.6)) else "present"
    classes = {"chercher": ("clothes", "small"), "voir": ("vehicle", "animal", "building"),
               "perdre": ("small",), "trouver": ("small", "animal"),
               "acheter": ("food", "clothes", "vehicle", "furniture", "plant", "small")}
    found = s.thing(*classes.get(verb.text, lex.OBJECTS[verb.text]), dets=("the",), adjective=0,
                    plural=s.chance(0.5))
    inner = clause(s.subject(0.75), verb, tense, antecedent=(found.gender, found.plural))
    phrase = found.phrase.noting("verb, object", verb.text, found.noun.text) + word("que", "that") + inner
    subject = Subject(phrase, 5 if found.plural else 2, found.gender, found.plural)
    return clause(subject, V["être"], rest=described(s, found), negation="pas" if s.chance(0.2) else "")


@template(12)
def relative_thing(s):
    """je cherche la clé qui est sur la table -> i am looking for the key that is on the table"""
    verb = s.verb("chercher", "voir", "vouloir", "lire", "manger", "acheter", "porter")
    classes = {"lire": ("text",), "manger": ("food",), "porter": ("clothes",), "voir": ("animal", "vehicle"),
               "chercher": ("object",), "vouloir": ("object", "clothes"), "acheter": ("clothes", "object")}[verb.text]
    found = s.thing(*classes, dets=("the",), adjective=0.15, plural=False if verb.text == "porter" else None)
    qui = Subject(word("qui", "that"), 5 if found.plural else 2, found.gender, found.plural)
    inner = clause(qui, V["être"], rest=described(s, found) if verb.text in ("porter", "lire",
                                                                             "manger") else s.spot(found.noun))
    return clause(s.subject(0.7), verb, rest=found.phrase.noting("verb, object", verb.text, found.noun.text) + inner)


COMPARED = {"grand": "taller", "petit": "smaller", "jeune": "younger", "vieux": "older", "gentil": "kinder"}


@template(20)
def comparison(s):
    """julie est plus grande que paul -> julie is taller than paul"""
    subject = s.subject(0.4)
    other = s.name().phrase if s.chance(0.5) else s.someone(s.chance(0.2), 0).phrase
    fit = [a for a in lex.ADJECTIVES if a.text in ("grand", "petit", "jeune", "vieux", "intelligent", "gentil",
                                                   "célèbre")]
    adjective = s.pick(fit, key=lambda a: a.forms[subject.gender, subject.plural])
    text = adjective.forms[subject.gender, subject.plural]
    english = adjective_english(adjective, ("person",))
    if s.chance(0.25):
        middle = word("aussi", "as") + word(text, english) + word("que", "as")
    elif adjective.text in COMPARED:
        middle = word("plus") + word(text, COMPARED[adjective.text]) + word("que", "than")
    else:
        middle = word("plus", "more") + word(text, english) + word("que", "than")
    if subject.lemma:
        middle = middle.noting("noun, adjective", subject.lemma, adjective.text)
    return clause(subject, V["être"], rest=middle + other, negation="pas" if s.chance(0.2) else "")


@template(14)
def possession(s):
    """nous cherchons la voiture du médecin -> we are looking for the doctor 's car"""
    verb = s.verb("chercher", "voir", "lire", "porter", "regarder", "vendre", "trouver", "perdre", "acheter")
    classes = {"lire": ("text",), "porter": ("clothes",), "regarder": ("animal",), "vendre": ("vehicle", "home"),
               "acheter": ("vehicle", "home", "furniture"), "perdre": ("small", "object")}
    classes = classes.get(verb.text, ("object", "animal", "clothes"))
    found = s.owned(*classes)
    rest = found.phrase.noting("verb, object", verb.text, found.noun.text)
    if verb.present[0] == "-" or (verb.text != "porter" and s.chance(0.3)):
        return clause(s.subject(0.7), verb, "past", rest=rest)
    return clause(s.subject(0.7), verb, rest=rest)


def short(s, pronouns=0.7):
    """A short clause that can be joined to another."""
    kind, subject = s.index(6), s.subject(pronouns, couples=False)
    if kind == 0:
        return clause(subject, V["être"], rest=s.quality(subject), negation="pas" if s.chance(0.25) else "")
    if kind == 1:
        return clause(subject, FEEL, rest=word(*s.pick(lex.FEELINGS)), negation="pas" if s.chance(0.2) else "")
    if kind == 2:
        verb = s.verb(*IDLE)
        return clause(subject, verb, rest=where(s, verb) if s.chance(0.6) else NOTHING)
    if kind == 3:
        verb = s.verb(*PASTS, form="past ")
        return clause(subject, verb, "past", rest=s.object(verb, subject, adjective=0.1).phrase)
    verb = s.verb(*TRANSITIVE)
    if kind == 4:
        return clause(subject, verb, rest=s.object(verb, subject, adjective=0.15).phrase)
    return clause(subject, V["aller"], rest=s.whither("aller"))


def reason(s, subject):
    """A short clause that may explain another."""
    kind, negation = s.index(4), "pas" if s.chance(0.25) else ""
    if kind == 0:
        return clause(subject, V["être"], rest=s.quality(subject, passing=True), negation=negation)
    if kind == 1:
        return clause(subject, FEEL, rest=word(*s.pick(lex.FEELINGS)), negation=negation)
    if kind == 2:
        verb = s.verb("perdre", "trouver", "oublier", "vendre")
        return clause(subject, verb, "past", rest=s.object(verb, subject, adjective=0.1).phrase)
    verb = s.verb("acheter", "voir", "aider", "chercher", "manger", "boire")
    return clause(subject, verb, modal=s.verb("vouloir", "devoir", "aller"),
                  rest=s.object(verb, subject, adjective=0.1).phrase)


@template(14)
def reported(s):
    """il pense que tu es malade -> he thinks that you are sick"""
    verb = s.verb("penser", "savoir")
    return clause(s.subject(0.75), verb, rest=word("que", "that") + short(s),
                  negation="pas" if verb.text == "savoir" and s.chance(0.15) else "")


@template(18)
def because(s):
    """elle est triste parce qu' elle a perdu son chat -> she is sad because she lost her cat"""
    subject = s.subject(0.7)
    kind = s.index(3)
    if kind == 0:
        main = clause(subject, V["être"], rest=s.quality(subject, passing=True))
    elif kind == 1:
        main = clause(subject, s.verb("dormir", "travailler", "chanter"), negation="pas" if s.chance(0.3) else "")
    else:
        main = clause(subject, V["aller"], rest=s.whither("aller"))
    second = s.again(subject) if s.chance(0.6) else s.subject(0.8, couples=False)
    return main + fixed("parce que", "because/0,1") + reason(s, second)


@template(22)
def joined(s):
    """je travaille mais tu dors -> i am working but you are sleeping"""
    conjunction = word(*s.pick((("et", "and"), ("mais", "but"))))
    return short(s) + conjunction + short(s)


@template(5)
def long_sentence(s):
    """je pense que marie est triste parce qu' elle a perdu ses clés -> i think that marie is sad because ..."""
    kind, subject = s.index(4), s.subject(0.8, couples=False)
    if kind == 3:
        found = human(s)
        start = clause(s.pronoun(), s.verb("penser", "savoir")) + word("que", "that")
        start += clause(subject, s.verb("connaître", "aider", "chercher"), rest=found.phrase + who_does(s, found))
        return start + fixed("parce que", "because/0,1") + reason(s, s.again(subject))
    if kind == 0:
        start = clause(s.pronoun(), s.verb("penser", "savoir")) + word("que", "that")
        middle = clause(subject, V["être"], rest=s.quality(subject, passing=True))
        return start + middle + fixed("parce que", "because/0,1") + reason(s, s.again(subject))
    if kind == 1:
        found = human(s)
        start = clause(subject, s.verb("connaître", "aider", "attendre"), rest=found.phrase + who_does(s, found))
        return start + word(*s.pick((("et", "and"), ("mais", "but")))) + short(s)
    start = s.when(NOW) + word(",", ",") + clause(subject, V["aller"], rest=s.whither("aller"))
    return start + fixed("parce que", "because/0,1") + reason(s, s.again(subject))


@template(16)
def fronted(s):
    """demain , nous irons à paris -> tomorrow , we will go to paris"""
    comma, kind = word(",", ","), s.index(4)
    subject = s.subject()
    if kind == 0:
        verb = s.verb(*PASTS, form="past ")
        return s.when(GONE) + comma + clause(subject, verb, "past",
                                             rest=s.object(verb, subject, adjective=0.15).phrase)
    if kind == 1:
        return s.when(COMING) + comma + clause(s.pronoun(), s.verb("aller"), "future", rest=s.whither("aller"))
    if kind == 2:
        verb = s.verb(*ACTIONS, form="to ")
        return s.when(COMING) + comma + clause(subject, verb, modal=V["aller"],
                                               rest=s.object(verb, subject, adjective=0.15).phrase)
    verb = s.verb("lire", "manger", "porter", "regarder", "chercher", "attendre")
    return s.when(NOW) + comma + clause(subject, verb, rest=s.object(verb, subject, adjective=0.15).phrase)


@template(14)
def command(s):
    """n' ouvre pas la porte -> do not open the door"""
    singular, plural, name = s.pick((
        ("ouvre", "ouvrez", "ouvrir"), ("ferme", "fermez", "fermer"), ("regarde", "regardez", "regarder"),
        ("mange", "mangez", "manger"), ("lis", "lisez", "lire"), ("bois", "buvez", "boire"),
        ("attends", "attendez", "attendre"), ("achète", "achetez", "acheter")), key=lambda row: row[2])
    verb = V[name]
    form = word(singular if s.chance(0.5) else plural, f"{verb.english} {verb.particle}")
    rest = plain(s, verb)
    if s.chance(0.35):
        ne, pas = word("ne").fr[0], word("pas").fr[0]
        return Phrase((ne,) + form.fr + (pas,), (("do", (ne,)), ("not", (ne, pas))) + form.en) + rest
    return form + rest


@template(8)
def quantity(s):
    """toutes les fenêtres sont bleues -> all the windows are blue"""
    if s.chance(0.5):
        verb, subject = s.verb("avoir", "voir", "acheter", "lire", "chercher"), s.subject(0.7)
        found = s.thing(*[c for c in lex.OBJECTS[verb.text] if c not in ("relative", "mass")], dets=("many",),
                        plural=True, adjective=0.3)
        return clause(subject, verb, rest=found.phrase.noting("verb, object", verb.text, found.noun.text))
    if s.chance(0.5):
        found = s.thing("clothes", "food", "furniture", "opening", "plant", "idea", dets=("all",), plural=True,
                        adjective=0)
        return clause(replace(s.as_subject(found), lemma=""), V["être"], rest=described(s, found))
    found = s.thing("person", "job", dets=("all",), plural=True, adjective=0)
    subject = s.as_subject(found)
    if s.chance(0.5):
        return clause(subject, V["être"], rest=described(s, found))
    verb = s.verb(*IDLE[:3])
    return clause(subject, verb, rest=where(s, verb))
