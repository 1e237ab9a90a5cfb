"""Sentence templates: being and having, c' est, il y a, names, the weather."""

from dataclasses import replace

import lexicon as lex
from grammar import NOTHING, Phrase, clause, fixed, np, word
from sampler import CHILDREN, GONE, NOW, OFTEN
from pieces import FEEL, V, ask, described, located, template


@template(26)
def profession(s):
    """je suis médecin -> i am a doctor"""
    subject = s.adult()
    negation = s.pick(("pas", "plus")) if s.chance(0.3) else ""
    place = s.town("être") if s.chance(0.2) else NOTHING
    return clause(subject, V["être"], negation=negation, rest=s.job(subject) + place)


@template(8)
def profession_wish(s):
    """elle veut être avocate -> she wants to be a lawyer"""
    subject = s.subject(0.75)
    while "job" in subject.classes:
        subject = s.subject(0.75)
    return clause(subject, V["être"], modal=s.verb("vouloir", "aller", "pouvoir"), rest=s.job(subject),
                  negation="pas" if s.chance(0.25) else "")


@template(26)
def state(s):
    """ma sœur est souvent malade -> my sister is often sick"""
    subject, passing = s.subject(0.5), s.chance(0.6)
    rest = s.quality(subject, passing)
    if not passing:
        negation = "pas" if s.chance(0.25) else ""
        return clause(subject, V["être"], "imperfect" if s.chance(0.2) else "present", negation=negation,
                      rest=rest if negation else s.degree(rest))
    if s.chance(0.3):
        return clause(subject, V["être"], adverb=word(*s.pick(OFTEN)), rest=rest)
    if s.chance(0.3):
        return clause(subject, V["être"], "imperfect", rest=rest + (s.when(GONE[:4]) if s.chance(0.5) else NOTHING),
                      negation="pas" if s.chance(0.25) else "")
    negation = s.pick(("pas", "jamais", "plus")) if s.chance(0.35) else ""
    time = s.when(NOW) if not negation and s.chance(0.15) else NOTHING
    return clause(subject, V["être"], negation=negation, rest=(rest if negation else s.degree(rest)) + time)


@template(24)
def own(s):
    """marie cherche son chapeau noir -> marie is looking for her black hat"""
    subject = s.name() if s.chance(0.35) else s.pronoun((2,)) if s.chance(0.5) else s.relative()
    verb = s.verb("chercher", "lire", "porter", "aider", "voir", "perdre", "trouver", "oublier", "vendre",
                  "manger", "attendre")
    tense = "past" if verb.present[0] == "-" else "present"
    classes = ("relative",) if verb.text in ("voir", "aider", "attendre") else lex.OBJECTS[verb.text]
    found = s.thing(*classes, dets=("my",), subject=subject, adjective=0.3,
                    plural=False if verb.text == "porter" else None)
    while found.phrase.en[0][0] not in ("his", "her"):
        found = s.thing(*classes, dets=("my",), subject=subject, adjective=0.3, plural=False)
    rest = found.phrase.noting("verb, object", verb.text, found.noun.text)
    return clause(subject, verb, tense, rest=rest, negation="pas" if s.chance(0.2) else "")


@template(26)
def thing_state(s):
    """la maison de marie est très belle -> marie 's house is very beautiful"""
    classes = ("vehicle", "clothes", "furniture", "opening", "building", "text", "food", "mass", "drink",
               "idea", "plant", "small", "show")
    if s.chance(0.25):
        found = s.owned("vehicle", "clothes", "furniture", "building", "text", "idea", "small")
    else:
        found = s.thing(*classes, dets=("the", "the", "this", "my"), adjective=0)
    subject = replace(s.as_subject(found), lemma="")
    tense = "imperfect" if s.chance(0.15) else "present"
    negation = s.pick(("pas", "plus")) if s.chance(0.25) and tense == "present" else ""
    rest = described(s, found)
    return clause(subject, V["être"], tense, negation=negation, rest=rest if negation else s.degree(rest))


@template(14)
def person_place(s):
    """paul était à la gare hier -> paul was at the station yesterday"""
    if s.chance(0.35):
        time = s.when(GONE[:4]) if s.chance(0.6) else NOTHING
        return clause(s.subject(), V["être"], "imperfect", rest=s.somewhere("être") + time,
                      negation="pas" if s.chance(0.25) else "")
    negation = s.pick(("pas", "jamais", "plus")) if s.chance(0.35) else ""
    time = s.when(NOW) if s.chance(0.3) and not negation else NOTHING
    return clause(s.subject(), V["être"], negation=negation, rest=s.somewhere("être") + time)


@template(14)
def thing_place(s):
    """les clés sont sous la chaise -> the keys are under the chair"""
    found = located(s)
    return clause(replace(s.as_subject(found), lemma=""), V["être"], rest=s.spot(found.noun),
                  negation=s.pick(("", " ", "pas", "plus")).strip())


@template(20)
def there_is(s):
    """il n' y a pas de lait dans la cuisine -> there is no milk in the kitchen"""
    il, ne, y, a = (word(text).fr[0] for text in ("il", "ne", "y", "a"))
    negation = s.pick(("pas", "plus")) if s.chance(0.35) else ""
    classes = ("object", "animal", "food", "furniture", "mass", "drink", "person", "plant")
    dets = ("none",) if negation else ("a", "some", "number", "many")
    found = s.thing(*classes, dets=dets, adjective=0.25, plural=True if negation else None)
    be = ("are" if found.plural else "is", (a,))
    there = ("there", (il, y))
    if not negation:
        return Phrase((il, y, a), (there, be)) + found.phrase + s.spot(found.noun)
    second = word(negation, "no" if negation == "pas" else "no more")
    return Phrase((il, ne, y, a), (there, be)) + second + found.phrase + s.spot(found.noun)


@template(14)
def this_is(s):
    """c' est un bel hôtel -> this is a beautiful hotel"""
    found = s.thing("object", "clothes", "vehicle", "building", "animal", "text", "idea", "relative", "town", "tree",
                    dets=("a", "a", "my"), plural=False, adjective=0.6)
    if s.chance(0.2):
        found = s.owned("vehicle", "clothes", "building", "object", "animal")
    if s.chance(0.3):
        ce, ne, est, pas = (word(text).fr[0] for text in ("ce", "ne", "est", "pas"))
        return Phrase((ce, ne, est, pas), (("this", (ce,)), ("is", (est,)), ("not", (ne, pas)))) + found.phrase
    return word("ce", "this") + word("est", "is") + found.phrase


@template(8)
def it_is(s):
    """c' est trop difficile -> it is too difficult"""
    quality = s.pick([a for a in lex.ADJECTIVES if a.text in ("facile", "difficile", "cher", "intéressant",
                                                              "beau", "délicieux", "bon")])
    rest = word(quality.text, quality.english)
    for_whom = s.chance(0.4) and quality.text in ("facile", "difficile", "cher", "bon")
    time = word("pour", "for") + s.company_pronoun() if for_whom else NOTHING
    if s.chance(0.3):
        ce, ne, est, pas = (word(text).fr[0] for text in ("ce", "ne", "est", "pas"))
        return Phrase((ce, ne, est, pas), (("it", (ce,)), ("is", (est,)), ("not", (ne, pas)))) + rest + time
    return word("ce", "it") + word("est", "is") + s.degree(rest, 0.6) + time


@template(14)
def feeling(s):
    """les enfants ont faim -> the children are hungry"""
    subject = s.subject()
    negation = s.pick(("pas", "plus", "jamais")) if s.chance(0.35) else ""
    adverb = word(*s.pick(OFTEN)) if s.chance(0.3) and not negation else NOTHING
    time = s.when(NOW) if not negation and not adverb.fr and s.chance(0.3) else NOTHING
    chosen = s.pick(lex.FEELINGS)
    return clause(subject, FEEL, negation=negation, adverb=adverb,
                  rest=word(*chosen) + time)


@template(7)
def age(s):
    """ma sœur a vingt ans -> my sister is twenty years old"""
    subject = s.subject(0.7)
    if not subject.pronoun and s.chance(0.6):
        noun = s.noun("person", also=lambda n: n.text in CHILDREN)
        subject = s.as_subject(np(noun, "this" if s.chance(0.5) else "the", s.chance(0.3)))
    elif subject.lemma:
        subject = s.name()
    return clause(subject, FEEL, rest=word(*s.pick(lex.AGES)) + word("ans", "years old"),
                  negation="pas" if s.chance(0.15) else "")


@template(9)
def weather(s):
    """il fait froid à lyon -> it is cold in lyon"""
    kind = s.pick((("pleut", "is raining"), ("neige", "is snowing"), ("fait froid", ""), ("fait chaud", "")),
                  key=lambda row: row[0])
    if kind[1]:
        core = word("il", "it") + word(*kind)
    else:
        core = fixed("il " + kind[0], "it/0 is/1 " + {"froid": "cold/2", "chaud": "hot/2"}[kind[0][5:]])
    place = s.town("il " + kind[0]) if s.chance(0.7) else NOTHING
    return core + place + (s.when(NOW) if s.chance(0.6) else NOTHING)


@template(13)
def called(s):
    """elle s' appelle marie -> her name is marie"""
    ask_it, deny = s.chance(0.2), s.chance(0.25)
    if s.chance(0.4):
        noun = s.noun("relative")
        owner = np(noun, "my", owner=s.owner(None))
        name = s.name()
        while name.gender != noun.gender:
            name = s.name()
        se, verb = word("se").fr[0], word("appelle").fr[0]
        return Phrase(owner.phrase.fr + (se, verb),
                      owner.phrase.en + (("'s", (se,)), ("name", (verb,)), ("is", (verb,)))) + name.phrase
    french, reflexive, verb, english, gender = s.pick((
        ("je", "me", "appelle", "my", "mf"), ("tu", "te", "appelles", "your", "mf"),
        ("il", "se", "appelle", "his", "m"), ("elle", "se", "appelle", "her", "f")))
    name = s.name()
    while name.gender not in gender:
        name = s.name()
    if ask_it:
        return ask(fixed(f"est-ce que {french} {reflexive} {verb}", f"is/0,4 {english}/2 name/4") + name.phrase)
    if deny:
        return fixed(f"{french} ne {reflexive} {verb} pas", f"{english}/0 name/3 is/3 not/1,4") + name.phrase
    return fixed(f"{french} {reflexive} {verb}", f"{english}/0 name/2 is/2") + name.phrase


@template(24)
def rising(s):
    """je me lève à sept heures -> i get up at seven o'clock"""
    subject = s.subject(0.7)
    forms = ("lève", "lèves", "lève", "levons", "levez", "lèvent")
    get_up = "gets up" if subject.person == 2 else "get up"
    reflexive = word(("me", "te", "se", "nous", "vous", "se")[subject.person])
    when = s.clock() if s.chance(0.7) else fixed("tous les jours", "every/0 day/2")
    day = fixed("le {}".format(*(d := s.pick(lex.DAYS))), f"on/0 {d[1]}s/1") if s.chance(0.3) else NOTHING
    return subject.phrase + reflexive + word(forms[subject.person],
                                             get_up) + when + (day if when.fr[0].text == "à" else NOTHING)
