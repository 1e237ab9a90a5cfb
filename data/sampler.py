"""Draws words and small phrases for the templates, evenly and by sense, from one seeded stream."""

import random
from collections import Counter

import lexicon as lex
from grammar import NP, Phrase, Subject, adjective_english, fixed, np, of, word

PRONOUNS = (("je", "i", 0), ("tu", "you", 1), ("il", "he", 2), ("elle", "she", 2),
            ("nous", "we", 3), ("vous", "you", 4), ("ils", "they", 5), ("elles", "they", 5))

NOW = (("maintenant", "now/0"), ("aujourd'hui", "today/0"), ("ce matin", "this/0 morning/1"),
       ("ce soir", "tonight/1"))
COMING = (("demain", "tomorrow/0"), ("demain matin", "tomorrow/0 morning/1"), ("ce soir", "tonight/1"),
          ("la semaine prochaine", "next/2 week/1"), ("demain soir", "tomorrow/0 evening/1"))
GONE = (("hier", "yesterday/0"), ("hier soir", "last/0 night/1"), ("hier matin", "yesterday/0 morning/1"),
        ("la semaine dernière", "last/2 week/1"))
LONG_GONE = GONE + (("l' année dernière", "last/2 year/1"),)
USUAL = (("tous les jours", "every/0 day/2"), ("le matin", "in/0 the/0 morning/1"),
         ("le soir", "in/0 the/0 evening/1"))
OFTEN = (("souvent", "often"), ("toujours", "always"), ("parfois", "sometimes"))

TONIC = (("moi", "me"), ("toi", "you"), ("lui", "him"), ("elle", "her"), ("nous", "us"), ("vous", "you"),
         ("eux", "them"))

CHILDREN = ("garçon", "fille", "enfant")

PLACES_AT = ("gare", "marché", "hôpital", "bureau", "restaurant", "musée", "plage", "bibliothèque",
             "hôtel", "école", "parc")
PLACES_IN = ("jardin", "parc", "cuisine", "chambre", "forêt", "rue", "village", "ville")
WORKPLACES = ("gare", "marché", "hôpital", "bureau", "restaurant", "musée", "bibliothèque", "hôtel", "école")


class Sampler:
    def __init__(self, seed):
        self._random = random.Random(seed)
        self._used = Counter()

    def chance(self, probability):
        return self._random.random() < probability

    def index(self, count):
        return int(self._random.random() * count)

    def pick(self, options, key=str):
        """One of the options: the least used of three random ones, so that rare words keep up."""
        options = list(options)
        drawn = [options[self.index(len(options))] for _ in range(3)]
        chosen = min(drawn, key=lambda option: self._used[key(option)])
        self._used[key(chosen)] += 1
        return chosen

    # ---- words

    def verb(self, *names, form=""):
        """One of the verbs; form keeps separate count of, say, infinitives."""
        return lex.VERBS[self.pick(names, key=lambda name: form + name)]

    def noun(self, *classes, plural=False, also=lambda noun: True):
        fit = [n for n in lex.NOUNS if set(classes) & set(n.classes) and also(n)
               and (not plural or n.plural != "-")]
        return self.pick(fit, key=lambda n: n.plural if plural else n.text)

    def adjective(self, noun, plural=False, predicate=False):
        """An adjective that suits the noun; None where there is none."""
        fit = [a for a in lex.ADJECTIVES if set(a.classes) & set(noun.classes)
               and (predicate or a.place != "state")
               and not (predicate and a.text in ("français", "bon", "nouveau") and "job" not in noun.classes)]
        if not fit:
            return None
        return self.pick(fit, key=lambda a: a.forms[noun.gender, plural])

    # ---- noun phrases

    def someone(self, plural=False, adjective=0.45):
        """A definite person: the doctor, this woman, my brother."""
        noun = self.noun("person", "job", "relative", plural=plural)
        if "relative" in noun.classes:
            owner = self.pick([(0, "m"), (1, "m"), (3, "m"), (4, "m"), (5, "m")])
            return np(noun, "my", plural, owner=owner)
        chosen = self.adjective(noun, plural) if self.chance(adjective) else None
        return np(noun, "this" if self.chance(0.25) else "the", plural, chosen)

    def thing(self, *classes, dets=("the", "a", "this", "my"), subject=None, plural=None, adjective=0.35):
        """A noun phrase of the classes whose determiner suits its noun."""
        plural = self.chance(0.3) if plural is None else plural
        plural = plural and any(set(classes) & set(n.classes) and n.plural != "-" for n in lex.NOUNS)
        noun = self.noun(*classes, plural=plural)
        if "relative" in noun.classes and not {"my", "number", "any"} & set(dets):
            dets = dets + ("my",)
        options = [d for d in dets if self._suits(d, noun, plural, dets)]
        det = options[self.index(len(options))] if options else "the"
        chosen = None
        if "relative" not in noun.classes and self.chance(adjective):
            chosen = self.adjective(noun, plural)
        number = self.pick(lex.NUMBERS) if det == "number" else None
        return np(noun, det, plural, chosen, owner=self.owner(subject) if det == "my" else None, number=number)

    @staticmethod
    def _suits(det, noun, plural, dets):
        if "relative" in noun.classes and "person" not in noun.classes:
            if "my" in dets:
                return det == "my"
            return det == "any" or det == ("number" if plural else "a")
        if not noun.countable:
            return det in ("the", "this", "some", "any", "none")
        if det == "my" and "person" in noun.classes and "relative" not in noun.classes:
            return False
        if det == "any" and {"person", "job", "animal", "building", "transport"} & set(noun.classes):
            return "a" in dets or len(dets) == 1
        if plural:
            return det not in ("a", "each")
        return det not in ("some", "number", "many", "all", "none") and (det != "any" or noun.countable)

    def owner(self, subject):
        """Whose: the subject's own (il -> son/his, elle -> son/her), or for no subject anyone's but his or hers."""
        unclear = subject is not None and subject.person == 2 and subject.lemma not in ("",) + lex.GENDERED
        if subject is None or unclear or (subject.person == 2 and self.chance(0.1)):
            return self.pick([(0, "m"), (1, "m"), (3, "m"), (4, "m"), (5, "m")])
        return (subject.person, subject.gender)

    def object(self, verb, subject, negated=False, **options):
        """A noun phrase that the verb takes, with combination noted for the held-out rule."""
        name = verb.text
        dets = ("the", "this", "my")
        if name in ("connaître", "comprendre", "regarder", "ouvrir", "fermer", "aider"):
            dets = ("the", "this")
        elif name == "avoir":
            dets = ("any",) if negated else ("a", "number", "some")
        elif name == "porter":
            options.setdefault("plural", False)
            dets = ("the", "this", "a", "my")
        elif negated:
            dets = ("the", "this", "my", "any")
        else:
            dets = ("the", "this", "my", "a", "a", "some", "some", "number")
        if subject and subject.person == 2 and not negated and "my" in dets:
            dets += ("my", "my")
        found = self.thing(*lex.OBJECTS[name], dets=dets, subject=subject, **options)
        return NP(found.phrase.noting("verb, object", name, found.noun.text), found.noun, found.plural)

    # ---- subjects

    def pronoun(self, allowed=range(6), plural_gender=True):
        fit = [p for p in PRONOUNS if p[2] in allowed]
        french, english, person = self.pick(fit, key=lambda p: "subject " + p[0])
        gender = {"il": "m", "ils": "m", "elle": "f", "elles": "f"}.get(french) or ("f" if self.chance(0.4) else "m")
        plural = person in (3, 5) or (person == 4)
        return Subject(word(french, english), person, gender, plural, "", french)

    def name(self):
        gender = "f" if self.chance(0.5) else "m"
        name = self.pick(lex.NAMES[gender])
        return Subject(word(name, name), 2, gender)

    def subject(self, pronouns=0.55, couples=True):
        if self.chance(pronouns):
            return self.pronoun()
        if self.chance(0.35):
            return self.name()
        if couples and self.chance(0.1):
            return self.couple()
        return self.as_subject(self.someone(self.chance(0.3)))

    def adult(self, pronouns=0.75):
        """A subject that may have a profession: no child, and nobody who is already named by one."""
        while True:
            subject = self.subject(pronouns)
            if subject.lemma not in CHILDREN and "job" not in subject.classes:
                return subject

    def again(self, subject):
        """The same subject once more, as a pronoun: paul -> il, les filles -> elles."""
        french = subject.pronoun or (("ils" if subject.plural else "il") if subject.gender == "m" else
                                     ("elles" if subject.plural else "elle"))
        english = next(row[1] for row in PRONOUNS if row[0] == french)
        return Subject(word(french, english), subject.person, subject.gender, subject.plural, "", french)

    def relative(self):
        """A man or a woman, a member of a family: his or her is certain."""
        noun = lex.NOUN[self.pick(lex.GENDERED)]
        if "relative" in noun.classes:
            return self.as_subject(np(noun, "my", owner=self.owner(None)))
        return self.as_subject(np(noun, "this" if self.chance(0.3) else "the"))

    def couple(self):
        first, second = self.name(), self.name()
        while first.phrase.fr[0].text == second.phrase.fr[0].text:
            second = self.name()
        gender = "f" if first.gender == second.gender == "f" else "m"
        return Subject(first.phrase + word("et", "and") + second.phrase, 5, gender, True)

    @staticmethod
    def as_subject(found):
        return Subject(found.phrase, 5 if found.plural else 2, found.gender, found.plural,
                       found.noun.text, "", found.noun.classes)

    # ---- places and times

    def when(self, table):
        return fixed(*self.pick(table, key=lambda row: row[0]))

    def clock(self):
        hour = self.pick(lex.HOURS)
        return word("à", "at") + word(*hour) + word("heures", "o'clock")

    def at(self, verb, motion=False, names=PLACES_AT):
        noun = lex.NOUN[self.pick(names)]
        preposition = word("à", "to" if motion else "at")
        found = np(noun, "generic" if noun.text == "école" else "the")
        return (preposition + found.phrase).noting("verb, place", verb, noun.text)

    def inside(self, verb, names=PLACES_IN):
        noun = lex.NOUN[self.pick(names)]
        adjective = self.adjective(noun) if self.chance(0.15) else None
        det = "a" if adjective and noun.text in ("village", "ville") else "the"
        return (word("dans", "in") + np(noun, det, False, adjective).phrase).noting("verb, place", verb, noun.text)

    def town(self, verb, motion=False):
        if self.chance(0.6):
            city = self.pick(lex.CITIES)
            preposition = word("à", "to" if motion else "in")
        else:
            city = self.pick(lex.COUNTRIES)
            preposition = word("en", "to" if motion else "in")
        return (preposition + word(*city)).noting("verb, place", verb, city[0])

    def at_home_of(self, motion=False):
        """chez marie -> at marie 's house: 's and house come from chez."""
        chez = word("chez", ("to" if motion else "at") + " 's house")
        if self.chance(0.7):
            host = self.name().phrase
        else:
            noun = self.noun("relative", also=lambda n: n.english != "neighbor")
            host = np(noun, "my", owner=self.owner(None)).phrase
        return Phrase(chez.fr + host.fr, chez.en[:1] + host.en + chez.en[1:], host.combos)

    def spot(self, thing):
        """Somewhere for a thing: on the table, under the chair, in front of the house."""
        classes = set(thing.classes)
        small = classes & {"object", "food", "mass", "drink", "clothes"}
        rows = (("sur", "on", ("table", "chaise", "lit")), ("sous", "under", ("table", "chaise", "lit")))
        if small:
            rows += (("dans", "in", ("sac", "cuisine", "chambre")), ("derrière", "behind", ("porte", "lit")))
        else:
            rows = rows if thing.text in ("chat", "chien") else ()
            rows += (("devant", "in front of", ("maison", "hôtel", "arbre", "porte", "école", "gare", "musée")),
                     ("derrière", "behind", ("maison", "hôtel", "arbre", "porte", "école", "gare", "musée")),
                     ("dans", "in", ("jardin", "parc", "rue", "forêt")))
        if classes & {"food", "mass", "drink"}:
            rows = (("sur", "on", ("table", "chaise")), ("dans", "in", ("cuisine", "sac")))
        preposition, english, nouns = self.pick(rows, key=lambda row: row[0])
        noun = lex.NOUN[self.pick([name for name in nouns if name != thing.text])]
        adjective = self.adjective(noun) if self.chance(0.3) else None
        found = np(noun, "the", False, adjective)
        return word(preposition, english) + found.phrase

    def somewhere(self, verb):
        """Where a person does something."""
        kind = self.index(4)
        if kind == 0:
            return self.at(verb)
        if kind == 1:
            return self.inside(verb)
        return self.town(verb) if kind == 2 else self.at_home_of()

    def whither(self, verb):
        kind = self.index(4)
        if kind <= 1:
            return self.at(verb, motion=True)
        return self.town(verb, motion=True) if kind == 2 else self.at_home_of(motion=True)

    def company(self, subject=None):
        kind = self.index(3)
        if kind == 0:
            return word("avec", "with") + self.company_pronoun(subject)
        if kind == 1:
            return word("avec", "with") + self.name().phrase
        return word("avec", "with") + self.someone(self.chance(0.3)).phrase

    def company_pronoun(self, subject=None):
        """moi, toi, ...: never the subject itself, nor somebody it includes."""
        same = {0: "moi nous", 1: "toi vous", 2: "lui elle", 3: "moi nous", 4: "toi vous", 5: "eux"}
        excluded = same[subject.person].split() if subject else ()
        return word(*self.pick([row for row in TONIC if row[0] not in excluded]))

    # ---- predicates

    def degree(self, phrase, probability=0.3):
        """very or too before an adjective phrase, where it can be more or less so."""
        if phrase.fr[0].text in lex.ABSOLUTE or not self.chance(probability):
            return phrase
        return word(*self.pick((("très", "very"), ("trop", "too")))) + phrase

    def quality(self, subject, passing=False):
        """An adjective phrase that agrees with a person subject; passing: tired, but not tall."""
        fit = [a for a in lex.ADJECTIVES if {"person",
                                             "anyone"} & set(a.classes) and (a.place == "state" or not passing)]
        chosen = self.pick(fit, key=lambda a: a.forms[subject.gender, subject.plural])
        phrase = word(chosen.forms[subject.gender, subject.plural],
                      adjective_english(chosen, ("person",)))
        return phrase.noting("noun, adjective", subject.lemma, chosen.text) if subject.lemma else phrase

    def job(self, subject):
        """A profession without an article: je suis médecin -> i am a doctor."""
        fit = [j for j in lex.JOBS if not (subject.plural and subject.gender == "f")
               or j.text == "étudiant" or j.forms["f", False] == j.text]
        chosen = self.pick(fit, key=lambda j: j.forms[subject.gender, subject.plural])
        english = chosen.english[subject.gender, subject.plural]
        phrase = word(chosen.forms[subject.gender, subject.plural],
                      english if subject.plural else "a " + english)
        return phrase.noting("subject, job", subject.lemma or subject.phrase.fr[0].text, chosen.text)

    def owned(self, *classes):
        """le livre de marie, la voiture du médecin."""
        noun = self.noun(*classes)
        owner = self.name().phrase if self.chance(0.5) else self.someone(adjective=0.15).phrase
        return of(np(noun, "the"), owner)
