#!/bin/sh
# Makes course-math.woff2 (needs: pip install fonttools brotli).
#   sh make_subset.sh /path/to/latinmodern-math.otf
# Names are obfuscated because the font's licence asks that a changed font not carry the original's name.
set -eu
LETTERS=U+20-7E,U+A0-B7,U+D7,U+F7,U+131,U+237,U+2C6,U+2C7,U+2D8-2DD,U+300-30C,U+332,U+338,U+391-3F6
SIGNS=U+2013-2044,U+2057,U+20D0-20DC,U+2102,U+210A-2138,U+2145-2149,U+2190-219D,U+21A6,U+21D0-21D5,U+2200-22FF
FENCES=U+2308-230B,U+2322,U+2323,U+239B-23AE,U+23B0-23B7,U+23DC-23E1,U+27E8-27E9,U+27F5-27FA,U+27FC
MORE=U+25A1,U+25CB,U+25CF,U+25E6,U+2605,U+2A00-2A06,U+2A7D-2A7E
ALPHABETS=U+1D400-1D467,U+1D49C-1D503,U+1D538-1D56B,U+1D6A8-1D755,U+1D7CE-1D7E1
pyftsubset "$1" --unicodes="$LETTERS,$SIGNS,$FENCES,$MORE,$ALPHABETS" \
    --obfuscate-names --flavor=woff2 --output-file="$(dirname "$0")/course-math.woff2"
