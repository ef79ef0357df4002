import { parseGrammar } from "../grammar.js";

/** Simple German: a village, animals, food, weather, talk. */
export const german = parseGrammar(`
open:
  <heading:{titel}>¶¶{sie:name-f} wohnt in einem {adj-em} Haus {am-ort}. Sie hat {tier:ein-tier-akk} und {zahl} Brüder.
  Es ist {tag:tag}. {er:name-m} geht {zum-ort} und nimmt {tier:ein-tier-akk} mit. Das Wetter ist {wetter}.
  Liebe {sie:name-f},¶¶ich schreibe dir aus {stadt:stadt}. Das Wetter ist {wetter}, und ich bin {laune}. Wir haben {tier:ein-tier-akk}.
titel:
  | Das Dorf | Der Markt | Der Wald | Die Schule | Der Garten | Die Reise
name-f:
  | Lena | Greta | Hanna | Frieda | Johanna | Katrin | Ursula | Monika
name-m:
  | Jonas | Lukas | Stefan | Jürgen | Karl | Moritz | Hans | Dieter
adj-em:
  | kleinen | großen | alten | neuen | schönen | roten
am-ort:
  | am Fluss | am Markt | im Wald | in der Stadt | am Bahnhof | neben der Kirche | hinter der Schule | auf dem Berg | an der Brücke
zum-ort:
  | zum Markt | zur Schule | zum Bahnhof | in den Wald | zum Bäcker | in die Kirche | zum Arzt | in den Garten
stadt:
  | Hamburg | Köln | Wien | Bremen | München | Dresden | Leipzig
ein-tier-akk:
  | einen Hund | eine Katze | ein Pferd | einen Vogel | einen Hasen | einen Fisch | eine Kuh | ein Huhn | eine Maus | eine Ente
zahl:
  | zwei | drei | vier | fünf | sechs | sieben | acht | zehn
tag:
  | Montag | Dienstag | Mittwoch | Donnerstag | Freitag | Samstag | Sonntag
wetter:
  | schön | kalt | warm | schlecht | neblig | sonnig | windig
laune:
  | glücklich | traurig | müde | wütend | krank | allein | sehr froh | ängstlich
farbe:
  | rot | blau | grün | gelb | weiß | schwarz | grau
essen:
  | Brot | Käse | Suppe | Äpfel | Erdbeeren | Kuchen | Salat | Eier | Fisch | Wurst | Kartoffeln
ding-akk:
  | das Buch | den Brief | den Hut | den Schlüssel | den Tisch | die Lampe | das Messer | den Stuhl | die Tasche | die Uhr
ding:
  | Das Buch | Der Brief | Der Hut | Der Schlüssel | Die Lampe | Das Messer | Die Tasche | Die Uhr
familie:
  | Mutter | Schwester | Großmutter | Tante | Tochter | Freundin
body:
  {satz}
  {satz}
  {satz}
  {rede}
  ¶¶{satz}
satz:
  Am {tag} isst er {essen} und {essen}.
  Im Garten stehen {zahl} Bäume, und dort sieht sie {ein-tier-akk}.
  Ihre {familie} mag keine Katzen, aber sie hat {ein-tier-akk}.
  Er findet {ding-akk} nicht. Er ist {laune}.
  Sie gehen {zum-ort} und kaufen {essen} für {zahl} Euro.
  Gestern haben wir {am-ort} {ein-tier-akk} gesehen.
  Das Wetter ist {wetter}, und die Kinder spielen {am-ort}.
  Sie hat {ding-akk} {am-ort} verloren und sucht überall.
  Am Morgen trinke ich Kaffee und lese die Zeitung.
  Jeden {tag} arbeitet meine {familie} {am-ort}.
  {ding} liegt auf dem Tisch neben dem Fenster.
  Seine Jacke ist {farbe}, aber seine Schuhe sind {farbe}.
  Um {zahl} Uhr fährt der Zug nach {stadt}.
  Ich habe noch nie {essen} mit {essen} gegessen.
  Wir haben {zahl} Katzen, aber keinen Hund.
rede:
  „Wo ist {ding-klein}?“, fragt die {familie}. „Ich weiß es nicht“, antwortet er.
  „Bist du {laune}?“, fragt sie. „Nein, ich bin {laune}.“
  „Guten Tag! Ich möchte {essen}, bitte.“ „Hier, bitte schön.“
  „Was kostet das?“ „{zahl} Euro.“ „Das ist zu teuer!“
  „Warum weinst du?“ „Weil ich {ding-akk} verloren habe.“
ding-klein:
  | das Buch | der Brief | der Hut | der Schlüssel | die Lampe | das Messer
close:
  ¶¶Am Abend essen alle {essen} und gehen schlafen.
  ¶¶Bis bald!
  ¶¶Und wenn sie nicht gestorben sind, dann leben sie noch heute.
`);
