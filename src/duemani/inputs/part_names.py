"""What the name of a part or track says: a hand, a player, an instrument; in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from duemani.performance import LEFT, RIGHT

Key = TypeVar("Key", bound=Hashable)

# General MIDI's programs, counted from 0: pianos, celesta and organs, synthesisers.
PIANO_PROGRAMS = range(8)
KEYBOARD_PROGRAMS = (8, *range(16, 21))
SYNTHESISER_PROGRAMS = range(80, 104)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Each way of telling hands apart has its words for right and left; a pair keeps to one of them.
_SIDES: dict[str, tuple[str, str]] = {
    "hand": (
        "right r rh rechts rechte rechter rechterhand droite droit destra dx md derecha direita"
        " prawa правая hoger",
        "left l lh links linke linker linkerhand gauche sinistra sx ms mg mi izquierda esquerda me"
        " lewa левая",
    ),
    "staff": (
        "upper up oben obere oberes haut superieure superieur superiore superior boven bovenste"
        " high top",
        "lower low down unten untere unteres bas inferieure inferieur inferiore inferior onder"
        " onderste bottom",
    ),
    "clef": ("treble diskant discant violinschlussel", "bass bassschlussel"),
}
_SIDE_OF = {
    word: (scheme, side)
    for scheme, (right, left) in _SIDES.items()
    for side, words in ((RIGHT, right), (LEFT, left))
    for word in words.split()
}
_HAND = _words("hand hande hands main mano mao reka рука")
_NAMES_A_HAND = _words("rh lh rechterhand linkerhand")
_PIANO = _words(
    "piano pianoforte fortepiano klavier klavir klaver flugel flygel grand pno pf pfte klav"
    " keyboard keys acoustic electric bright concert zongora fortepian рояль фортепиано"
)
_FILLING = _words(
    "staff stave clef schlussel cle chiave clave part parte partie track spur pista piste channel"
    " kanal midi solo"
)
_EASTERN = {
    "右手": " right hand ",
    "左手": " left hand ",
    "오른손": " right hand ",
    "왼손": " left hand ",
    "ピアノ": " piano ",
    "钢琴": " piano ",
    "鋼琴": " piano ",
    "피아노": " piano ",
    "オルガン": " organ ",
    "チェンバロ": " harpsichord ",
    "ヴァイオリン": " violin ",
    "バイオリン": " violin ",
    "小提琴": " violin ",
    "チェロ": " cello ",
    "大提琴": " cello ",
    "フルート": " flute ",
    "长笛": " flute ",
    "ギター": " guitar ",
    "吉他": " guitar ",
    "ハープ": " harp ",
    "竖琴": " harp ",
    "ドラム": " drums ",
    "パート": " part ",
}
_NUMBERS = dict.fromkeys(_words("i first erstes erster premier"), 1) | dict.fromkeys(
    _words("ii second zweites zweiter deuxieme"), 2
)
_FIRST = _words("primo prima")
_SECOND = _words("secondo seconda secundo segundo")
_PLAYER = _words("player pianist pianista pianiste spieler speler")

_KEYBOARDS = re.compile(
    r"piano|klavier|klavir|\bklaver|keyboard|harpsichord|[ck]embalo|clavec|clavi|\borgan|\borgel|\borgue"
    r"|celest|\bspinet|virginal|harmonium|fl[uy]gel|\btasten|teclado|zongora|fortepian|рояль|фортепиано"
    r"|\brhodes\b|wurlitzer|\bsynth|\b(pno|pf|pfte|klav|org|cemb|keys)\b"
)
_OTHERS = re.compile(
    r"violin|violon|geige|fiddle|bratsche|\bviol[ae]|cell[oi]\b|kontrabass|contra?bass|contrebasse"
    r"|contrabbass|\bbass[eo]?\b|bassi\b|fl[uo]te|fl[uo]te?n?\b|floete|flaut|fluit|piccolo|recorder|oboe"
    r"|hautbois|\bhobo|clarin|klarin|bassoon|\bbasson|fagot|\bhorns?\b|waldhorn|\bcor(no)?\b|\btrompa"
    r"|trumpet|trompet|\btromba|trombon|posaun|\btub[ae]|saxo|\bsax\b|guitar|gitar|chitarra|ukulele"
    r"|banjo|mandolin|\blute\b|\blaute\b|\bliuto\b|\bharp[es]?\b|\bharfe|\barpa|drum|schlagzeug|schlagwerk"
    r"|batter|percussi|perkussi|pauke|timpani|cymbal|becken|marimba|xylo[fp]|vibra[fp]|glockenspiel"
    r"|accord(eo|io)n|akkorde|fisarmonica|harmonica|harmonika|voices?\b|vocal|\bvoix\b|\bvoc[ei]\b|\bvoz\b"
    r"|stimme|gesang|\bcanto\b|\bsopran|\bmezzo|\balt[oi]?\b|\btenor|barit|\bchoir|\bch(o|oe)[eu]?r\b"
    r"|\bcoro\b|\bkoor\b|\bzang|\bvocals?\b|\bstrings?\b|streicher|\barchi\b|\bcordes\b|\bbrass|ensemble"
    r"|\b(vln?|vla|vcl?|vlc|gtr|git|hp|hrf|tpt|tbn|hn|bsn|fg|perc)\b"
)
# Instruments whose names contain a keyboard's.
_STILL_OTHERS = re.compile(r"mouth organ|piano accord|akkordeon|accordion|keyboard percussion")
_SCORED = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True)
class HandName:
    """A name with the word for one hand in it.

    Attributes:
        side: 0 left, 1 right.
        scheme: hands, staves or clefs.
        rest: the other words.
        whole: nothing else is named, but for the instrument, a player or a number.
        strong: "right hand" or "RH", which says it without a partner.
    """

    side: int
    scheme: str
    rest: tuple[str, ...]
    whole: bool
    strong: bool


def decoded(name: str) -> str:
    """A MIDI file's text, which `mido` reads as Latin-1, in the encoding it was written in."""
    try:
        data = name.encode("latin-1")
    except UnicodeEncodeError:
        return name
    for encoding in ("utf-8", "cp932", "gb18030", "euc-kr"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Nearly every text is something in the Eastern encodings: it must be something known.
        if encoding == "utf-8" or any(word in text for word in _EASTERN):
            return text
    return name


def plain(name: str) -> str:
    """Lower case, no accents, abbreviations closed up (`m. d.` → `md`), words apart."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    for word, meaning in _EASTERN.items():
        text = text.replace(word, meaning)
    text = unicodedata.normalize("NFKD", text.casefold())
    text = unicodedata.normalize("NFC", re.sub("[\u0300-\u036f]", "", text))
    return re.sub(r"\b([a-z])[./]\s?([a-z])\b\.?", r"\1\2", text)


def hand_name(name: str) -> HandName | None:
    """The hand that a name names, None where it names none or both."""
    words = _SCORED.findall(plain(name))
    sided = [word for word in words if word in _SIDE_OF]
    meanings = {_SIDE_OF[word] for word in sided}
    if len(meanings) != 1:
        return None
    ((scheme, side),) = meanings
    rest = [word for word in words if word not in _SIDE_OF]
    known = _HAND | _PIANO | _FILLING | _FIRST | _SECOND | _PLAYER | set(_NUMBERS)
    whole = all(word in known or word.isdigit() for word in rest)
    beside = {
        neighbour
        for at, word in enumerate(words)
        if word in _SIDE_OF
        for neighbour in words[max(at - 1, 0) : at + 2]
    }
    strong = bool(_NAMES_A_HAND & set(sided)) or (scheme == "hand" and bool(beside & _HAND))
    rest = [word for word in rest if not word.isdigit()]
    return HandName(side, scheme, tuple(rest), whole, strong)


def named_hands(names: Mapping[Key, str]) -> dict[Key, int]:
    """Hands of the parts or tracks whose names name one; never by a word in a title.

    A name counts that says nothing but "right hand"; two count that differ in the words for the
    hands alone ("Air RH", "Air LH"), or where each hand is called a hand.
    """
    found = {key: named for key, name in names.items() if (named := hand_name(name)) is not None}
    sides = {(named.scheme, named.rest): set[int]() for named in found.values()}
    strong_sides: set[int] = set()
    for named in found.values():
        sides[named.scheme, named.rest].add(named.side)
        if named.strong:
            strong_sides.add(named.side)
    return {
        key: named.side
        for key, named in found.items()
        if len(sides[named.scheme, named.rest]) == 2
        or (named.strong and (named.whole or len(strong_sides) == 2))
    }


def player_name(name: str) -> int:
    """Which player a name names: 1 for Primo or Piano I, 2 for Secondo or Piano II, 0 for none."""
    words = _SCORED.findall(re.sub(r"(?<=\d)(st|nd|rd|\.)(?=\W|$)", "", plain(name)))
    if _FIRST & set(words):
        return 1
    if _SECOND & set(words):
        return 2
    numbers = [int(word) if word.isdigit() else _NUMBERS.get(word, 0) for word in words]
    if (_PIANO | _PLAYER) & set(words) and sum(number > 0 for number in numbers) == 1:
        return max(numbers) if max(numbers) <= 8 else 0
    return 0


def names_duettist(name: str) -> bool:
    """Primo or Secondo: a player, certainly, not a hand."""
    return bool((_FIRST | _SECOND | _PLAYER) & set(_SCORED.findall(plain(name))))


def instrument_name(name: str) -> Literal["keyboard", "other", ""]:
    """What kind of instrument a name names, "" where it names none that is known."""
    text = plain(name)
    if _STILL_OTHERS.search(text):
        return "other"
    if _KEYBOARDS.search(text):
        return "keyboard"
    return "other" if _OTHERS.search(text) else ""
