"""Grammar of the bundled corpus: phrases that are French and English at the same time.

A Phrase holds French tokens and English words; each English word names the French tokens that it
translates, so the gold alignment is made by construction, whatever is reordered. `spell` turns the
tokens into words at the very end: contractions (à le -> au), elisions (le homme -> l' homme).
"""

from dataclasses import dataclass

BE_PRESENT = ("am", "are", "is", "are", "are", "are")
BE_PAST = ("was", "were", "was", "were", "were", "were")
BE_IMPERFECT = ("étais", "étais", "était", "étions", "étiez", "étaient")
FUTURE_ENDINGS = ("ai", "as", "a", "ons", "ez", "ont")
POSSESSIVES = (("mon", "ma", "mes"), ("ton", "ta", "tes"), ("son", "sa", "ses"),
               ("notre", "notre", "nos"), ("votre", "votre", "vos"), ("leur", "leur", "leurs"))
MY = ("my", "your", "his", "our", "your", "their")
PRENOMINAL_BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}
CONTRACTIONS = {("à", "le"): "au", ("à", "les"): "aux", ("de", "le"): "du", ("de", "les"): "des"}
ELIDED = {"je": "j'", "me": "m'", "te": "t'", "se": "s'", "le": "l'", "la": "l'", "ne": "n'",
          "de": "d'", "que": "qu'", "ce": "c'"}
ASPIRATED = ("huit",)


class Token:
    """One French word under construction; identity matters, the spelling comes last."""

    def __init__(self, text):
        self.text = text


@dataclass(frozen=True)
class Phrase:
    fr: tuple = ()  # of Token
    en: tuple = ()  # of (English word, tuple of Tokens)
    combos: frozenset = frozenset()  # pairs of content words met here, for the held-out rule

    def __add__(self, other):
        return Phrase(self.fr + other.fr, self.en + other.en, self.combos | other.combos)

    def noting(self, *combo):
        return Phrase(self.fr, self.en, self.combos | {combo})


NOTHING = Phrase()


def word(french, english=""):
    """One French token and the English words (none, one or several) that translate it."""
    token = Token(french)
    return Phrase((token,), tuple((w, (token,)) for w in english.split()))


def fixed(french, english):
    """A set phrase: fixed("la semaine prochaine", "next/2 week/1"); positions are zero-based."""
    tokens = tuple(Token(text) for text in french.split())
    links = []
    for item in english.split():
        text, positions = item.rsplit("/", 1)
        links.append((text, tuple(tokens[int(p)] for p in positions.split(","))))
    return Phrase(tokens, tuple(links))


def starts_with_vowel(text):
    return text[0] in "aeiouyàâéèêëîïôœù" or (text[0] == "h" and text not in ASPIRATED)


# ---------------------------------------------------------------- noun phrases


@dataclass(frozen=True)
class NP:
    phrase: Phrase
    noun: object
    plural: bool

    @property
    def gender(self):
        return self.noun.gender


def np(noun, det, plural=False, adjective=None, owner=None, number=None):
    """A noun phrase. det: the, a, some, any, generic, this, my (owner: (person, gender)), number, many,
    which, each, all. Adjectives agree and stand on their side of the noun in each language."""
    masculine = noun.gender == "m"
    head = word(noun.plural if plural else noun.text, noun.english_plural if plural else noun.english)
    french, english = head.fr, head.en
    if adjective:
        added = attributive(adjective, noun, plural)
        before = adjective.place == "before"
        french = added.fr + french if before else french + added.fr
        english = added.en + english
    body = Phrase(french, english)
    vowel = starts_with_vowel(french[0].text)
    prenominal = adjective is not None and adjective.place == "before"
    article = "les" if plural else ("le" if masculine else "la")
    if det in ("the", "generic"):
        start = word(article, "the" if det == "the" else "")
    elif det == "a":
        start = word("un" if masculine else "une", "a")
    elif det == "some" and plural:
        start = word("de" if prenominal else "des", "some")
    elif det == "some":
        start = fixed("de " + article, "some/0,1")
    elif det == "any":
        start = word("de", "any" if plural or not noun.countable else "a")
    elif det == "none":
        start = word("de")
    elif det == "this":
        singular = ("cet" if vowel else "ce") if masculine else "cette"
        start = word("ces" if plural else singular, "these" if plural else "this")
    elif det == "my":
        start = possessive(owner, masculine or vowel, plural)
    elif det == "number":
        start = word(*number)
    elif det == "many":
        start = word("beaucoup", "a lot") + word("de", "of")
    elif det == "which":
        start = word("quel" + ("" if masculine else "le") + ("s" if plural else ""), "which")
    elif det == "each":
        start = word("chaque", "every")
    elif det == "all":
        start = word("tous" if masculine else "toutes", "all") + word("les", "the")
    else:
        raise ValueError(f"unknown determiner {det}")
    phrase = start + body
    if adjective:
        phrase = phrase.noting("noun, adjective", noun.text, adjective.text)
    return NP(phrase, noun, plural)


def possessive(owner, masculine_form, plural):
    person, gender = owner
    column = 2 if plural else (0 if masculine_form else 1)
    return word(POSSESSIVES[person][column], "her" if (person, gender) == (2, "f") else MY[person])


def attributive(adjective, noun, plural):
    text = adjective.forms[noun.gender, plural]
    following = noun.plural if plural else noun.text
    if adjective.place == "before" and text in PRENOMINAL_BEFORE_VOWEL and not plural:
        if starts_with_vowel(following):
            text = PRENOMINAL_BEFORE_VOWEL[text]
    return word(text, adjective_english(adjective, noun.classes))


def adjective_english(adjective, classes):
    """grand: a person is tall, a thing is big."""
    return "tall" if adjective.text == "grand" and "person" in classes else adjective.english


def of(owned, owner):
    """le livre de marie -> marie 's book: the owner comes first in English, the article is dropped."""
    de = Token("de")
    english = owner.en + (("'s", (de,)),) + owned.phrase.en[1:]
    return NP(Phrase(owned.phrase.fr + (de,) + owner.fr, english, owned.phrase.combos | owner.combos),
              owned.noun, owned.plural)


# ---------------------------------------------------------------- clauses


@dataclass(frozen=True)
class Subject:
    phrase: Phrase
    person: int  # 0 je, 1 tu, 2 il/elle, 3 nous, 4 vous, 5 ils/elles
    gender: str = "m"
    plural: bool = False
    lemma: str = ""  # for the held-out rule
    pronoun: str = ""  # the inverted form's pronoun; empty for nouns and names
    classes: tuple = ("person",)


@dataclass(frozen=True)
class Clitic:
    """An object pronoun before the verb; direct ones make the participle agree."""
    french: str
    english: str
    gender: str = ""
    plural: bool = False


def agree(participle, gender, plural):
    form = participle + ("e" if gender == "f" else "")
    return form + ("s" if plural and not form.endswith("s") else "")


def finite_form(verb, tense, person):
    if tense == "imperfect":
        return BE_IMPERFECT[person]
    if tense == "future":
        return verb.future + FUTURE_ENDINGS[person]
    return verb.present[person]


def english_verbs(verb, tense, person, simple, needs_do, finite, lexical):
    """The English auxiliary (or None) and the words of the main verb, each with its sources."""
    def main(text):
        return tuple((w, lexical) for w in f"{text} {verb.particle}".split())

    third = person == 2
    if tense == "future":
        return ("will", finite), main(verb.english)
    if tense == "past":
        return (("did", finite), main(verb.english)) if needs_do else (None, main(verb.past))
    if tense == "imperfect":
        return (BE_PAST[person], finite), ()
    if verb.english in ("can", "must"):
        return (verb.english, finite), ()
    if verb.english == "be":
        return (BE_PRESENT[person], finite), ()
    if not simple:
        return (BE_PRESENT[person], finite), main(verb.ing)
    if needs_do:
        return ("does" if third else "do", finite), main(verb.english)
    return None, main(verb.third if third else verb.english)


def clause(subject, verb, tense="present", rest=NOTHING, *, negation="", clitic=None, adverb=NOTHING,
           habitual=False, modal=None, form="statement", wh=NOTHING, antecedent=None):
    """A whole clause.

    tense: present, past (passé composé), future, imperfect (être only). modal: the verb that takes the
    infinitive (vouloir, pouvoir, devoir; aller is the near future). negation: pas, jamais, plus, rien.
    form: statement, est-ce, inversion. antecedent: (gender, plural) that a relative `que` stands for.
    """
    ne, second, est = Token("ne"), Token(negation), Token("est-ce")
    pronoun = Token(clitic.french) if clitic else None
    head, asks = modal or verb, form != "statement"
    if tense == "past":
        finite = Token(AUXILIARY[verb.auxiliary][subject.person])
        lexical = Token(participle_form(verb, subject, clitic, antecedent))
    else:
        finite = Token(finite_form(head, tense, subject.person))
        lexical = Token(verb.text) if modal else finite
    spoken = subject.phrase
    if form == "inversion":
        finite.text = inverted(finite.text, subject.pronoun)
        spoken = Phrase((), tuple((w, (finite,)) for w, _ in spoken.en), spoken.combos)

    simple = head.simple or habitual or bool(adverb.fr) or negation in ("jamais", "rien")
    aux, main = english_verbs(head, tense, subject.person, simple, asks or negation == "pas",
                              (finite,), (finite,) if modal else (lexical,))
    if aux and form == "est-ce":
        aux = (aux[0], (est, finite))
    elif aux and aux[0] in ("do", "does", "did") and negation:
        aux = (aux[0], (ne, finite))
    if modal:
        to = "" if modal.english in ("can", "must") else "to"
        main += tuple((w, (lexical,)) for w in f"{to} {verb.english} {verb.particle}".split())
    denial = english_negation(negation, ne, second)
    if aux and aux[0] == "can" and negation == "pas":
        aux, denial = None, (("cannot", (finite, second)),)
    objects = tuple((w, (pronoun,)) for w in clitic.english.split()) if clitic else ()
    if negation == "rien":
        denial, objects = (), denial

    before = (pronoun,) if clitic else ()
    french = ((est, Token("que")) if form == "est-ce" else ()) + spoken.fr
    french += ((ne,) if negation else ()) + (() if modal else before) + (finite,)
    french += ((second,) if negation else ()) + adverb.fr + (before if modal else ())
    french += () if lexical is finite else (lexical,)
    first = (aux,) if aux else ()
    english = first + spoken.en if asks else spoken.en + first
    english += denial + adverb.en + main + objects
    combos = subject.phrase.combos
    if subject.lemma:
        combos |= {("subject, verb", subject.lemma, verb.text)}
    return wh + Phrase(french, english, combos) + rest


AUXILIARY = {"être": ("suis", "es", "est", "sommes", "êtes", "sont"),
             "avoir": ("ai", "as", "a", "avons", "avez", "ont")}


def participle_form(verb, subject, clitic, antecedent):
    if verb.auxiliary == "être":
        return agree(verb.participle, subject.gender, subject.plural)
    if antecedent:
        return agree(verb.participle, *antecedent)
    if clitic and clitic.gender:
        return agree(verb.participle, clitic.gender, clitic.plural)
    return verb.participle


def inverted(finite, pronoun):
    euphonic = "t-" if pronoun in ("il", "elle") and finite[-1] in "ae" else ""
    return f"{finite}-{euphonic}{pronoun}"


def english_negation(negation, ne, second):
    if negation == "pas":
        return (("not", (ne, second)),)
    english = {"jamais": "never", "plus": "no longer", "rien": "nothing", "": ""}[negation]
    return tuple((w, (second,)) for w in english.split())


# ---------------------------------------------------------------- spelling


def spell(phrase):
    """The finished pair: source words, target words, sorted links (source, target)."""
    texts = [token.text for token in phrase.fr]
    for i in range(len(texts) - 1):
        if texts[i] in ELIDED and starts_with_vowel(texts[i + 1]):
            texts[i] = ELIDED[texts[i]]
    french, position = [], {}
    for token, text in zip(phrase.fr, texts):
        contracted = CONTRACTIONS.get((french[-1], text)) if french else None
        if contracted:
            french[-1] = contracted
        else:
            french.append(text)
        position[token] = len(french) - 1
    english = [text for text, _ in phrase.en]
    for j in range(len(english) - 1):
        if english[j] == "a" and english[j + 1][0] in "aeiou":
            english[j] = "an"
    links = {(position[t], j) for j, (_, tokens) in enumerate(phrase.en) for t in tokens}
    return french, english, sorted(links)
