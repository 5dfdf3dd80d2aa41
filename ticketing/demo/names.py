"""Plain Danish name parts that the generator puts together. No list of real people stands behind them."""

# ruff: noqa: SIM905 - a hundred names read better as running words than as a list literal

FIRST = (
    "Agnes Alberte Amalie Anja Asger Astrid Birgit Bjarke Bodil Carla Casper Ditte Ebbe Ejnar Ellen Emil "
    "Ester Finn Freja Frida Gerda Gunnar Hanna Helge Henning Hilda Ida Inger Ingrid Jens Johan Jonna Karen "
    "Karl Kirsten Klara Knud Laust Lea Liv Ludvig Magnus Maja Malene Marie Mathilde Merete Mikkel Nanna Niels "
    "Nora Oda Olav Oluf Otto Peder Petra Poul Ragnhild Rikke Rosa Rune Sigrid Signe Simon Sofie Svend Thea "
    "Thora Torben Tove Ulla Valdemar Vera Viggo Vilma"
).split()

LAST = (
    "Agerbæk Alminde Askov Bakkegaard Birkelund Bjergby Brink Bækgaard Dalgaard Damsgaard Engholm Enghave "
    "Fjordside Fuglsang Grønbæk Havgaard Hedelund Hegnet Holmegaard Hyldebusk Højager Kildemark Klitgaard "
    "Kløverby Krogager Kærsgaard Lindeskov Lyngbakke Markvang Moseby Mølledal Nørreskov Odde Piledam Ravnholt "
    "Rosenvang Rugager Sandbjerg Skovbo Skrænten Solbakke Stenager Strandgaard Sønderhave Tangmose Tjørnelund "
    "Toft Tranemose Vadgaard Vesterlund Vibeholm Vindinge Ålykke Østerbro"
).split()

SCHOOLS = (
    "Engskolen Bakkeskolen Klitskolen Havneskolen Lyngskolen Fjordskolen Skovskolen Kærskolen Markskolen "
    "Strandskolen Åskolen Hedeskolen Møllerskolen Birkeskolen Vestskolen Østskolen Søskolen Dalskolen "
    "Parkskolen Egeskolen Kildeskolen Tårnskolen Broskolen Toftskolen Nørreskolen"
).split()

HOUSES = (
    "Mælkebøtten Solsikken Regnbuen Stjernen Troldehøj Bakkebo Skovmusen Søhesten Myretuen Kastanjen "
    "Pilehytten Sommerfuglen Nordlyset Muslingen Gøgereden Humlebien Spirrevippen Rønnebær Hyldeblomsten "
    "Ællingen Tusindben Lærken Valmuen Kløveren Fyrtårnet Strandkrabben Egernet Bøgebladet Eventyrhuset "
    "Solstrålen Mariehønen Blåklokken Pindsvinet Græshoppen Tranen Viben Anemonen Skovtrolden Bølgen "
    "Klitrosen Vindmøllen Kompasset Agernet Hasselmusen Morgenfruen Svalereden Storkereden Havblik "
    "Engblommen Rosenhaven Toppen Kilden Lyngtoppen Brombær Sneglehuset Karrusellen"
).split()

PLAYGROUPS = (
    "Nord Syd Øst Vest Midt Havnen Bakken Engen Skoven Stranden Åen Søen Heden Kirken Torvet Møllen Broen "
    "Dalen Marken Klitten Fjorden Parken Kilden Toften Gaden Kæret Lunden Haven Vangen"
).split()

SCHOOL_DEPARTMENTS = ("indskoling", "mellemtrin", "udskoling", "SFO")

MUNICIPALITY_STEMS = (
    "Vester Øster Nørre Sønder Lille Store Ager Birke Bøge Ege Eng Fjord Fugle Grøn Hav Hede Holme Høj Kilde "
    "Klit Krog Lind Lyng Mark Mose"
).split()
MUNICIPALITY_ENDINGS = ("kær", "mose", "ager", "holt")
