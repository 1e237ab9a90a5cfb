"""Sentence templates: the present, object pronouns, past and future.

Each template draws one sentence; its docstring is an example of what comes out.
"""

from dataclasses import replace

import lexicon as lex
from grammar import NOTHING, Clitic, Phrase, agree, clause, fixed, np, word
from pieces import (ACTIONS, IDLE, ME, PASTIMES, PASTS, TO_HIM, TRANSITIVE, V, infinitive, pick_clitic,
                    template, where)
from sampler import COMING, GONE, LONG_GONE, NOW, OFTEN, USUAL


# ---------------------------------------------------------------- the present


@template(4)
def intransitive(s):
    """paul travaille -> paul is working"""
    return clause(s.subject(0.5), s.verb(*IDLE))


@template(16)
def intransitive_place(s):
    """elle dort à l' hôtel -> she is sleeping at the hotel"""
    verb = s.verb(*IDLE)
    time = s.when(NOW) if s.chance(0.3) else NOTHING
    return clause(s.subject(), verb, rest=where(s, verb) + time)


@template(20)
def company(s):
    """les enfants jouent avec nous -> the children are playing with us"""
    subject = s.subject()
    return clause(subject, s.verb("jouer", "parler", "travailler", "chanter", "venir", "partir", form="with "),
                  rest=s.company(subject))


@template(10)
def leaving(s):
    """nous partons ce soir -> we are leaving tonight"""
    subject = s.subject(0.8)
    where_from = s.company(subject) if s.chance(0.5) else NOTHING
    return clause(subject, s.verb("partir", "venir", form="soon "), rest=where_from + s.when(NOW + COMING[:2]),
                  negation="pas" if s.chance(0.2) else "")


@template(14)
def habit(s):
    """il travaille le matin -> he works in the morning"""
    verb = s.verb(*IDLE)
    if s.chance(0.5):
        return clause(s.subject(), verb, adverb=word(*s.pick(OFTEN)),
                      rest=where(s, verb) if s.chance(0.6) else NOTHING)
    place = where(s, verb) if s.chance(0.4) else NOTHING
    if s.chance(0.4):
        french, english = s.pick(lex.DAYS)
        time = fixed(f"le {french}", f"on/0 {english}s/1")
    else:
        time = s.when(USUAL)
    return clause(s.subject(), verb, habitual=True, rest=place + time)


@template(9)
def intransitive_negated(s):
    """nous ne dormons pas à l' hôtel -> we are not sleeping at the hotel"""
    verb = s.verb(*IDLE)
    rest = where(s, verb) if s.chance(0.7) else NOTHING
    return clause(s.subject(), verb, negation=s.pick(("pas", "plus", "jamais")), rest=rest)


@template(40)
def transitive(s):
    """le professeur lit une lettre intéressante -> the teacher is reading an interesting letter"""
    verb, subject = s.verb(*TRANSITIVE), s.subject()
    time = s.when(NOW) if s.chance(0.12) and verb.text not in ("avoir", "connaître") else NOTHING
    return clause(subject, verb, rest=s.object(verb, subject).phrase + time)


@template(20)
def transitive_habit(s):
    """je lis souvent ce journal -> i often read this newspaper"""
    verb, subject = s.verb("lire", "porter", "attendre", "regarder", "aider", "manger", "boire", "acheter",
                           "chercher"), s.subject(0.4)
    classes = lex.OBJECTS[verb.text]
    dets = ("this",) if verb.text in ("manger", "boire", "acheter") else ("this", "the", "my")
    found = s.thing(*classes, dets=dets, subject=subject, plural=False if verb.text == "porter" else None)
    rest = found.phrase.noting("verb, object", verb.text, found.noun.text)
    return clause(subject, verb, adverb=word(*s.pick(OFTEN)), rest=rest)


@template(22)
def transitive_negated(s):
    """marie ne boit pas de café -> marie is not drinking any coffee"""
    verb, subject = s.verb(*TRANSITIVE), s.subject()
    negation = s.pick(("pas", "pas ", "plus", "jamais")).strip()
    options = {"adjective": 0.2}
    found = s.object(verb, subject, negated=True, **options)
    return clause(subject, verb, negation=negation, rest=found.phrase)


@template(5)
def nothing(s):
    """je ne vois rien -> i see nothing"""
    verb = s.verb("voir", "comprendre", "savoir", "vouloir", "manger", "boire", "acheter", "trouver", "perdre")
    finds, wants = verb.text in ("trouver", "perdre"), verb.text in ("savoir", "vouloir")
    tense = "past" if finds or (not wants and s.chance(0.4)) else "present"
    place = s.somewhere(verb.text) if s.chance(0.3) and verb.text in ("voir", "manger", "acheter",
                                                                      "trouver") else NOTHING
    return clause(s.subject(), verb, tense, negation="rien", rest=place)


@template(16)
def taste(s):
    """les enfants aiment le chocolat -> the children like chocolate"""
    verb = V["aimer"]
    plural = s.chance(0.55)
    noun = s.noun("animal", "food", "plant", "text", "show", "transport", plural=True) if plural else \
        s.noun("mass", "drink", "topic")
    found = np(noun, "generic", plural)
    negation = s.pick(("", " ", "pas", "plus")).strip()
    return clause(s.subject(), verb, negation=negation,
                  rest=found.phrase.noting("verb, object", verb.text, noun.text))


@template(9)
def pastime(s):
    """elle aime danser -> she likes to dance"""
    activity = V[s.pick(PASTIMES)]
    subject = s.subject()
    rest = infinitive(activity)
    if s.chance(0.5):
        rest += where(s, activity) if s.chance(0.7) or activity.text == "nager" else s.company(subject)
    if s.chance(0.2):
        knows = s.verb("savoir")
        return clause(subject, replace(knows, particle="how"),
                      rest=infinitive(V[s.pick(("nager", "danser", "chanter", "lire", "écrire"))]),
                      negation="pas" if s.chance(0.3) else "")
    return clause(subject, V["aimer"], rest=rest, negation="pas" if s.chance(0.25) else "")


@template(8)
def walk(s):
    """nous allons au marché -> we are going to the market"""
    verb = V["aller"]
    if s.chance(0.3):
        return clause(s.subject(), verb, habitual=True, rest=s.whither(verb.text) + s.when(USUAL))
    negation = "pas" if s.chance(0.25) else ""
    time = s.when(NOW) if s.chance(0.25) else NOTHING
    return clause(s.subject(), verb, negation=negation, rest=s.whither(verb.text) + time)


@template(20)
def dwelling(s):
    """mon oncle habite à rome -> my uncle lives in rome"""
    place = s.town("habiter") if s.chance(0.6) else s.inside("habiter", ("village", "ville", "forêt"))
    return clause(s.subject(), V["habiter"], negation=s.pick(("", " ", "pas", "plus")).strip(), rest=place)


# ---------------------------------------------------------------- object pronouns


@template(16)
def pronoun_person(s):
    """je ne la connais pas -> i do not know her"""
    verb, subject = s.verb(*lex.PERSON_VERBS), s.subject()
    clitic = pick_clitic(s, verb, subject, elided=verb.text[0] in "aeiou")
    negation = s.pick(("pas", "jamais", "plus")) if s.chance(0.4) else ""
    return clause(subject, verb, clitic=clitic, negation=negation)


@template(14)
def pronoun_thing(s):
    """marie les achète -> marie is buying them"""
    verb, subject = s.verb(*lex.THING_VERBS), s.subject()
    negation = s.pick(("pas", "jamais", "plus")) if s.chance(0.35) else ""
    place = s.at(verb.text, names=("marché", "gare")) if verb.text == "acheter" and s.chance(0.3) else NOTHING
    return clause(subject, verb, clitic=pick_clitic(s, verb, subject, False), negation=negation, rest=place)


@template(12)
def pronoun_past(s):
    """nous ne l' avons pas vue -> we did not see her"""
    verb, subject = s.verb("voir", "aider", "lire", "acheter", "écrire", "trouver", form="it "), s.subject()
    clitic = pick_clitic(s, verb, subject, False, personal=False)
    time = s.when(GONE) if s.chance(0.4) else NOTHING
    return clause(subject, verb, "past", clitic=clitic, negation=s.pick(("pas", "")), rest=time)


@template(14)
def pronoun_modal(s):
    """tu peux nous aider -> you can help us"""
    subject = s.subject(0.7)
    verb = s.verb("voir", "chercher", "aider", "attendre", "lire", "manger", "acheter")
    clitic = pick_clitic(s, verb, subject, elided=verb.text in ("aider", "attendre"))
    modal = s.verb("vouloir", "pouvoir", "devoir", "aller")
    time = s.when(COMING) if s.chance(0.25) else NOTHING
    return clause(subject, verb, modal=modal, clitic=clitic, negation="pas" if s.chance(0.3) else "", rest=time)


@template(12)
def gift(s):
    """paul donne une pomme à marie -> paul is giving an apple to marie"""
    verb, subject = V["donner"], s.subject()
    receiver = s.name().phrase if s.chance(0.4) else s.someone(s.chance(0.3), 0.1).phrase
    tense, modal = "present", None
    if s.chance(0.5):
        verb = s.verb("donner", "envoyer")
        tense, modal = ("past", None) if s.chance(0.5) else ("present", s.verb("vouloir", "aller", "devoir"))
    return clause(subject, verb, tense, modal=modal,
                  rest=s.object(verb, subject, adjective=0.15).phrase + word("à", "to") + receiver)


@template(14)
def gift_pronoun(s):
    """elle nous donne les clés -> she is giving us the keys"""
    subject = s.subject()
    blocked = {0: (0, 3), 3: (0, 3), 1: (1, 4), 4: (1, 4)}.get(subject.person, ())
    options = list(TO_HIM) + [c for person, c in ME.items() if person not in blocked]
    clitic = s.pick(options, key=lambda c: c.french + " object")
    if s.chance(0.4):
        to = Clitic(clitic.french, "to " + clitic.english)
        negation = s.pick(("pas", "plus", "jamais")) if s.chance(0.5) else ""
        return clause(subject, V["parler"], clitic=to, negation=negation)
    if s.chance(0.5):
        verb = s.verb("donner", "envoyer")
        return clause(subject, verb, "past", clitic=clitic, rest=s.object(verb, subject, adjective=0.2).phrase)
    return clause(subject, V["donner"], clitic=clitic, rest=s.object(V["donner"], subject).phrase)


# ---------------------------------------------------------------- past and future


@template(24)
def past(s):
    """j' ai perdu mes clés hier -> i lost my keys yesterday"""
    verb, subject = s.verb(*PASTS, form="past "), s.subject()
    time = s.when(GONE) if s.chance(0.45) else NOTHING
    return clause(subject, verb, "past", rest=s.object(verb, subject, adjective=0.25).phrase + time)


@template(12)
def past_negated(s):
    """nous n' avons pas trouvé le chat -> we did not find the cat"""
    verb, subject = s.verb(*PASTS, form="past "), s.subject()
    negation = "jamais" if s.chance(0.25) else "pas"
    found = s.object(verb, subject, negated=True, adjective=0.2)
    return clause(subject, verb, "past", negation=negation, rest=found.phrase)


@template(10)
def past_activity(s):
    """les garçons ont dansé dans la rue -> the boys danced in the street"""
    verb = s.verb("dormir", "danser", "chanter", "travailler", "jouer", "parler", "manger")
    negation = "pas" if s.chance(0.25) else ""
    time = s.when(GONE) if s.chance(0.5) else NOTHING
    place = where(s, verb) if s.chance(0.6) or not time.fr else NOTHING
    return clause(s.subject(), verb, "past", negation=negation, rest=place + time)


@template(30)
def past_movement(s):
    """elles sont allées au musée hier -> they went to the museum yesterday"""
    subject = s.subject()
    verb = V[s.pick(("aller", "venir", "partir", "arriver"),
                    key=lambda name: agree(V[name].participle, subject.gender, subject.plural))]
    place, time = NOTHING, s.when(LONG_GONE) if s.chance(0.4) else NOTHING
    if verb.text in ("aller",) or (verb.text == "venir" and s.chance(0.3)):
        place = s.whither(verb.text)
    elif verb.text == "venir" or s.chance(0.4):
        place = s.company(subject)
    if s.chance(0.15) and verb.text != "aller":
        time = fixed("il y a", "") + word(*s.pick(lex.NUMBERS)) + word("jours", "days")
        time = Phrase(time.fr, time.en + (("ago", (time.fr[2],)),))
    negation = s.pick(("pas", "jamais")) if s.chance(0.25) and not time.fr else ""
    return clause(subject, verb, "past", rest=place + time, negation=negation)


@template(14)
def future(s):
    """tu iras à paris demain -> you will go to paris tomorrow"""
    verb, subject = V["aller"], s.subject(0.8)
    negation = s.pick(("pas", "jamais", "plus")) if s.chance(0.3) else ""
    time = s.when(COMING) if not negation and s.chance(0.6) else NOTHING
    return clause(subject, verb, "future", rest=s.whither(verb.text) + time, negation=negation)


@template(12)
def future_be(s):
    """nous serons prêts demain matin -> we will be ready tomorrow morning"""
    subject = s.subject(0.8)
    negation = s.pick(("pas", "jamais")) if s.chance(0.25) else ""
    if s.chance(0.2):
        return clause(subject := s.adult(0.9), V["être"], "future", rest=s.job(subject), negation=negation)
    rest = s.somewhere("être") if s.chance(0.6) else s.quality(subject, passing=True)
    time = s.when(COMING) if s.chance(0.4) and not negation else NOTHING
    return clause(subject, V["être"], "future", rest=rest + time, negation=negation)


@template(16)
def near_future(s):
    """je vais acheter du pain -> i am going to buy some bread"""
    verb, subject = s.verb(*ACTIONS, form="to "), s.subject()
    negation = "pas" if s.chance(0.25) else ""
    time = s.when(COMING) if s.chance(0.35) else NOTHING
    found = s.object(verb, subject, negated=bool(negation), adjective=0.2)
    return clause(subject, verb, modal=V["aller"], negation=negation, rest=found.phrase + time)


@template(20)
def modal(s):
    """elle doit lire cette lettre -> she must read this letter"""
    verb, subject = s.verb(*ACTIONS, form="to "), s.subject()
    negation = s.pick(("pas", "plus")) if s.chance(0.3) else ""
    found = s.object(verb, subject, negated=bool(negation), adjective=0.2)
    return clause(subject, verb, modal=s.verb("vouloir", "pouvoir", "devoir"), negation=negation, rest=found.phrase)


@template(14)
def modal_activity(s):
    """vous ne pouvez pas dormir à l' hôtel -> you cannot sleep at the hotel"""
    verb = s.verb("dormir", "danser", "chanter", "courir", "travailler", "jouer", "partir", "venir", "rester",
                  "aller", "nager", form="to ")
    subject = s.subject()
    rest = {"partir": lambda: s.company(subject), "venir": lambda: s.company(subject),
            "rester": lambda: s.somewhere("rester"),
            "aller": lambda: s.whither("aller")}.get(verb.text, lambda: where(s, verb))()
    modal = s.verb("vouloir", "pouvoir", "devoir") if verb.text == "aller" else s.verb("vouloir", "pouvoir",
                                                                                       "devoir", "aller")
    time = s.when(COMING) if s.chance(0.2) else NOTHING
    return clause(subject, verb, modal=modal, rest=rest + time, negation=s.pick(("", "", "pas")))
