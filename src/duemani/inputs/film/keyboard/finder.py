"""Where the keyboard lies in a picture or a film, found or given by hand."""

from duemani.inputs.film.keyboard.by_hand import keyboard_from_corners
from duemani.inputs.film.keyboard.film import KeyboardFound, find_keyboard_in_film
from duemani.inputs.film.keyboard.octave import shift_octaves
from duemani.inputs.film.keyboard.picture import find_keyboard

__all__ = [
    "KeyboardFound",
    "find_keyboard",
    "find_keyboard_in_film",
    "keyboard_from_corners",
    "shift_octaves",
]
