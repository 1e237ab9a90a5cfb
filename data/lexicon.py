"""The words of the bundled corpus: tables only, parsed once on import.

Every class of words is one table, one entry a line; the comment above it names the columns.
What a word may be combined with (so that nobody drinks a table) is told by its classes.
"""

from dataclasses import dataclass, field

# singular, plural ("-": not used), gender, english, english plural, classes
_NOUNS = """
homme       hommes      m man         men         person,elder
femme       femmes      f woman       women       person,elder
garçon      garçons     m boy         boys        person,child
fille       filles      f girl        girls       person,child
enfant      enfants     m child       children    person,child
ami         amis        m friend      friends     person,relative,elder
amie        -           f friend      friends     person,relative
voisin      voisins     m neighbor    neighbors   person,relative,elder
voisine     -           f neighbor    neighbors   person,relative
frère       frères      m brother     brothers    relative
sœur        sœurs       f sister      sisters     relative
père        -           m father      -           relative
mère        -           f mother      -           relative
oncle       -           m uncle       -           relative
grand-mère  -           f grandmother -           relative
chat        chats       m cat         cats        animal
chien       chiens      m dog         dogs        animal
cheval      chevaux     m horse       horses      animal
oiseau      oiseaux     m bird        birds       animal
pomme       pommes      f apple       apples      food
gâteau      gâteaux     m cake        cakes       food
pain        -           m bread       -           mass
fromage     -           m cheese      -           mass
viande      -           f meat        -           mass
soupe       -           f soup        -           mass
chocolat    -           m chocolate   -           mass
eau         -           f water       -           drink
café        -           m coffee      -           drink
thé         -           m tea         -           drink
lait        -           m milk        -           drink
vin         -           m wine        -           drink
livre       livres      m book        books       text,object,carried
lettre      lettres     f letter      letters     text,written,object,carried
journal     journaux    m newspaper   newspapers  text,object
histoire    histoires   f story       stories     text,written
chemise     chemises    f shirt       shirts      clothes
chapeau     chapeaux    m hat         hats        clothes,carried
manteau     manteaux    m coat        coats       clothes,carried
clé         clés        f key         keys        object,small,carried
sac         sacs        m bag         bags        object,carried
téléphone   téléphones  m phone       phones      object,small,carried
parapluie   -           m umbrella    umbrellas   object,carried
cadeau      cadeaux     m gift        gifts       object
fleur       fleurs      f flower      flowers     object,plant
photo       photos      f photo       photos      object,carried
film        films       m film        films       show
voiture     voitures    f car         cars        vehicle
vélo        vélos       m bike        bikes       vehicle
train       -           m train       trains      transport
bus         -           m bus         buses       transport
avion       avions      m plane       planes      transport
table       tables      f table       tables      furniture,surface
chaise      chaises     f chair       chairs      furniture,surface
lit         -           m bed         beds        furniture,surface
porte       portes      f door        doors       opening
fenêtre     fenêtres    f window      windows     opening
arbre       arbres      m tree        trees       outdoor,tree
maison      maisons     f house       houses      building,outdoor,home
hôtel       -           m hotel       hotels      building,outdoor,place
école       -           f school      schools     place
gare        -           f station     stations    place
marché      -           m market      markets     place
hôpital     -           m hospital    hospitals   place
bureau      -           m office      offices     place
restaurant  -           m restaurant  restaurants place,building
musée       -           m museum      museums     place,building
plage       -           f beach       beaches     place
bibliothèque -          f library     libraries   place
jardin      -           m garden      gardens     inside
parc        -           m park        parks       inside,place
cuisine     -           f kitchen     kitchens    inside
chambre     -           f bedroom     bedrooms    inside
forêt       -           f forest      forests     inside
rue         -           f street      streets     inside
village     -           m village     villages    inside,town
ville       -           f city        cities      town
musique     -           f music       -           topic
sport       -           m sport       -           topic
argent      -           m money       -           wealth
question    questions   f question    questions   idea
idée        idées       f idea        ideas       idea
"""

# masculine, feminine ("=": the same), english, english feminine ("=": the same)
_JOBS = """
étudiant    étudiante   student     =
professeur  =           teacher     =
médecin     =           doctor      =
avocat      avocate     lawyer      =
ingénieur   =           engineer    =
journaliste =           journalist  =
acteur      actrice     actor       actress
musicien    musicienne  musician    =
artiste     =           artist      =
"""

# masculine, feminine, masc. plural, fem. plural ("=": by rule), english, place, classes
# place: before or after the noun; "state" adjectives only follow a verb.
_ADJECTIVES = """
petit       = =        =          small       before child,animal,vehicle,furniture,building,town,inside,object,food
grand       = =        =          big         before animal,vehicle,furniture,building,town,inside,opening,anyone,tree
vieux       vieille vieux vieilles old        before elder,animal,vehicle,furniture,building,clothes,town,anyone,tree
beau        belle beaux belles    beautiful   before animal,building,town,clothes,plant,vehicle,tree
jeune       = =        =          young       before person,animal
nouveau     nouvelle nouveaux nouvelles new   before vehicle,furniture,building,clothes,object,job
bon         bonne =    =          good        before text,food,mass,drink,idea,job,show
rouge       = =        =          red         after  vehicle,clothes,plant,small,furniture,opening
bleu        = =        =          blue        after  vehicle,clothes,small,furniture,opening
noir        = =        =          black       after  animal,vehicle,clothes,small
blanc       blanche =  =          white       after  animal,vehicle,clothes,furniture,plant
intéressant = =        =          interesting after  text,show,idea,town
difficile   = =        =          difficult   after  written,idea
facile      = =        =          easy        after  idea
cher        chère =    =          expensive   after  vehicle,clothes,building,small,furniture
célèbre     = =        =          famous      after  job,text,show,town
français    = =        =          french      after  job,text,show,vehicle,person
intelligent = =        =          intelligent after  person,job,relative
gentil      gentille = =          kind        after  person,job,relative
chaud       = =        =          hot         after  drink
froid       = =        =          cold        after  drink
délicieux   délicieuse = =        delicious   after  food,mass
fatigué     = =        =          tired       state  person,job,relative,animal
malade      = =        =          sick        state  person,job,relative,animal
content     = =        =          happy       state  person,job,relative
triste      = =        =          sad         state  person,job,relative,animal
prêt        = =        =          ready       state  person,job,relative
"""

# infinitive, present (je tu il nous vous ils; "er": regular), participle, auxiliary, future stem
# ("-": not used) | english base (with its particle), past, -ing, aspect of the French present
_VERBS = """
être       suis,es,est,sommes,êtes,sont                       été     avoir ser     | be       was        being      simple
avoir      ai,as,a,avons,avez,ont                             eu      avoir aur     | have     had        having     simple
manger     mange,manges,mange,mangeons,mangez,mangent         mangé   avoir -       | eat      ate        eating     ongoing
boire      bois,bois,boit,buvons,buvez,boivent                bu      avoir -       | drink    drank      drinking   ongoing
lire       lis,lis,lit,lisons,lisez,lisent                    lu      avoir -       | read     read       reading    ongoing
écrire     écris,écris,écrit,écrivons,écrivez,écrivent        écrit   avoir -       | write    wrote      writing    ongoing
acheter    achète,achètes,achète,achetons,achetez,achètent    acheté  avoir -       | buy      bought     buying     ongoing
vendre     -                                                  vendu   avoir -       | sell     sold       selling    ongoing
porter     er                                                 porté   avoir -       | wear     wore       wearing    ongoing
chercher   er                                                 cherché avoir -       | look+for looked     looking    ongoing
attendre   attends,attends,attend,attendons,attendez,attendent attendu avoir -      | wait+for waited     waiting    ongoing
regarder   er                                                 regardé avoir -       | watch    watched    watching   ongoing
aider      er                                                 aidé    avoir -       | help     helped     helping    ongoing
parler     er                                                 parlé   avoir -       | talk     talked     talking    ongoing
travailler er                                                 travaillé avoir - | work worked    working    ongoing
dormir     dors,dors,dort,dormons,dormez,dorment              dormi   avoir -       | sleep    slept      sleeping   ongoing
chanter    er                                                 chanté  avoir -       | sing     sang       singing    ongoing
courir     -                                                      couru   avoir -       | run      ran        running    ongoing
jouer      er                                                 joué    avoir -       | play     played     playing    ongoing
nager      -                                                  nagé    avoir -       | swim     swam       swimming   ongoing
danser     -                                                  dansé   avoir -       | dance    danced     dancing    ongoing
donner     er                                                 donné   avoir -       | give     gave       giving     ongoing
envoyer    -                                                  envoyé  avoir -       | send     sent       sending    ongoing
aller      vais,vas,va,allons,allez,vont                      allé    être  ir      | go       went       going      ongoing
venir      viens,viens,vient,venons,venez,viennent            venu    être  -       | come     came       coming     ongoing
partir     pars,pars,part,partons,partez,partent              parti   être  -       | leave    left       leaving    ongoing
arriver    -                                                  arrivé  être  -       | arrive   arrived    arriving   ongoing
rester     -                                                  resté   être  -       | stay     stayed     staying    ongoing
aimer      er                                                 aimé    avoir -       | like     liked      liking     simple
voir       vois,vois,voit,voyons,voyez,voient                 vu      avoir -       | see      saw        seeing     simple
connaître  connais,connais,connaît,connaissons,connaissez,connaissent connu avoir - | know     knew       knowing    simple
comprendre comprends,comprends,comprend,comprenons,comprenez,comprennent compris avoir - | understand understood understanding simple
habiter    er                                                 habité  avoir -       | live     lived      living     simple
penser     er                                                 pensé   avoir -       | think    thought    thinking   simple
savoir     sais,sais,sait,savons,savez,savent                 su      avoir -       | know     knew       knowing    simple
vouloir    veux,veux,veut,voulons,voulez,veulent              voulu   avoir -       | want     wanted     wanting    simple
pouvoir    peux,peux,peut,pouvons,pouvez,peuvent              pu      avoir -       | can      could      -          simple
devoir     dois,dois,doit,devons,devez,doivent                dû      avoir -       | must     had        -          simple
perdre     -                                                  perdu   avoir -       | lose     lost       losing     ongoing
trouver    -                                                  trouvé  avoir -       | find     found      finding    ongoing
oublier    -                                                  oublié  avoir -       | forget   forgot     forgetting ongoing
ouvrir     -                                                  ouvert  avoir -       | open     opened     opening    ongoing
fermer     -                                                  fermé   avoir -       | close    closed     closing    ongoing
"""

# Verb -> classes of its direct objects.
OBJECTS = {
    "manger": ("food", "mass"), "boire": ("drink",), "lire": ("text",), "écrire": ("written",),
    "acheter": ("food", "mass", "object", "clothes", "vehicle", "furniture"),
    "vendre": ("vehicle", "furniture", "clothes", "home"),
    "porter": ("clothes",), "chercher": ("object", "animal", "relative", "clothes"),
    "attendre": ("person", "relative", "transport", "job"),
    "regarder": ("show", "animal"), "aider": ("person", "relative", "job"),
    "voir": ("person", "animal", "vehicle", "building", "job"),
    "connaître": ("person", "job", "town", "relative"), "comprendre": ("idea", "written"),
    "perdre": ("carried",), "trouver": ("carried", "animal"), "oublier": ("carried",),
    "ouvrir": ("opening",), "fermer": ("opening",), "avoir": ("animal", "object", "vehicle", "relative"),
    "donner": ("object", "food"), "envoyer": ("object", "text"),
}

# Thing-verbs read le, la, les as it, it, them; person-verbs as him, her, them.
PERSON_VERBS = ("voir", "connaître", "chercher", "aider", "attendre")
THING_VERBS = ("lire", "manger", "acheter", "porter", "regarder", "boire", "écrire")

# Nouns whose English tells the gender: only these (with il, elle and the names) have a son, sa, ses -> his, her.
GENDERED = ("homme", "femme", "garçon", "fille", "frère", "sœur", "père", "mère", "oncle", "grand-mère")

NAMES = {"m": ("paul", "pierre", "thomas"), "f": ("marie", "julie", "sophie")}
CITIES = (("paris", "paris"), ("lyon", "lyon"), ("londres", "london"), ("rome", "rome"))
COUNTRIES = (("france", "france"), ("italie", "italy"), ("espagne", "spain"), ("angleterre", "england"))
DAYS = (("lundi", "monday"), ("samedi", "saturday"),
        ("dimanche", "sunday"))
NUMBERS = (("deux", "two"), ("trois", "three"), ("quatre", "four"), ("cinq", "five"),
           ("six", "six"), ("dix", "ten"))
AGES = (("six", "six"), ("dix", "ten"), ("quinze", "fifteen"), ("vingt", "twenty"), ("trente", "thirty"))
HOURS = (("trois", "three"), ("quatre", "four"), ("cinq", "five"), ("six", "six"), ("sept", "seven"),
         ("huit", "eight"), ("neuf", "nine"), ("dix", "ten"))
FEELINGS = (("faim", "hungry"), ("soif", "thirsty"), ("froid", "cold"), ("chaud", "hot"),
            ("peur", "afraid"), ("raison", "right"))


@dataclass(frozen=True)
class Noun:
    text: str
    plural: str
    gender: str
    english: str
    english_plural: str
    classes: tuple

    @property
    def countable(self):
        return not {"mass", "drink", "topic", "wealth"} & set(self.classes)


@dataclass(frozen=True)
class Job:
    forms: dict = field(hash=False)  # (gender, plural) -> French
    english: dict = field(hash=False)  # the same keys -> English
    text: str = ""


@dataclass(frozen=True)
class Adjective:
    text: str
    forms: dict = field(hash=False)  # (gender, plural) -> French
    english: str
    place: str
    classes: tuple


@dataclass(frozen=True)
class Verb:
    text: str
    present: tuple
    participle: str
    auxiliary: str
    future: str
    english: str
    particle: str
    past: str
    ing: str
    simple: bool

    @property
    def third(self):
        if self.english == "have":
            return "has"
        return self.english + ("es" if self.english.endswith(("s", "sh", "ch", "o")) else "s")


def _rows(table):
    return [line.split() for line in table.strip().splitlines()]


def _noun(row):
    return Noun(*row[:5], tuple(row[5].split(",")))


def _job(masculine, feminine, english, english_feminine):
    feminine = masculine if feminine == "=" else feminine
    english_feminine = english if english_feminine == "=" else english_feminine
    english_plural = english_feminine + ("es" if english_feminine.endswith("s") else "s")
    forms = {("m", False): masculine, ("f", False): feminine,
             ("m", True): masculine + "s", ("f", True): feminine + "s"}
    words = {("m", False): english, ("f", False): english_feminine,
             ("m", True): english + "s", ("f", True): english_plural}
    return Job(forms, words, masculine)


def _adjective(ms, fs, mp, fp, english, place, classes):
    fs = (ms if ms.endswith("e") else ms + "e") if fs == "=" else fs
    mp = (ms if ms.endswith(("s", "x")) else ms + "s") if mp == "=" else mp
    fp = fs + "s" if fp == "=" else fp
    forms = {("m", False): ms, ("f", False): fs, ("m", True): mp, ("f", True): fp}
    return Adjective(ms, forms, english, place, tuple(classes.split(",")))


def _verb(line):
    french, english = (half.split() for half in line.split("|"))
    text, present, participle, auxiliary, future = french
    if present == "er":
        present = ",".join(text[:-2] + ending for ending in ("e", "es", "e", "ons", "ez", "ent"))
    base, _, particle = english[0].partition("+")
    return Verb(text, tuple(present.split(",")), participle, auxiliary, future, base, particle,
                english[1], english[2], english[3] == "simple")


JOBS = [_job(*row) for row in _rows(_JOBS)]
ADJECTIVES = [_adjective(*row) for row in _rows(_ADJECTIVES)]
VERBS = {verb.text: verb for verb in map(_verb, _VERBS.strip().splitlines())}
NOUNS = [_noun(row) for row in _rows(_NOUNS)]
for _job_entry in JOBS:
    for _gender in ("m", "f"):
        _text = _job_entry.forms[_gender, False]
        if _gender == "m" or _text != _job_entry.text:
            NOUNS.append(Noun(_text, _job_entry.forms[_gender, True] if _gender == "m" else "-", _gender,
                              _job_entry.english[_gender, False], _job_entry.english[_gender, True],
                              ("job",)))
ABSOLUTE = {form for adjective in ADJECTIVES for form in adjective.forms.values()
            if adjective.text in ("rouge", "bleu", "noir", "blanc", "français", "délicieux", "prêt")}
NOUN = {noun.text: noun for noun in NOUNS}
