import { parseGrammar } from "../grammar.js";

/** Simple French: a village, animals, food, weather, talk. */
export const french = parseGrammar(`
open:
  <heading:{lieu-titre}>¶¶{Elle:prenom-f} habite dans une {adj-lieu} maison près {du-lieu}. Elle a {animal:un-animal} et {nombre} frères.
  C'est {jour:jour} {moment}. {Il:prenom-m} va {au-lieu} avec {animal:un-animal}. Il fait {temps}.
  Chère {Elle:prenom-f},¶¶je t'écris de {ville:ville}, où il fait {temps}. J'ai {animal:un-animal} et je suis {sentiment} ici.
prenom-f:
  | Marie | Louise | Camille | Juliette | Sophie | Élise | Chloé | Manon
prenom-m:
  | Pierre | Jean | Luc | Antoine | Marcel | Julien | Hugo | Étienne
lieu-titre:
  | Le village | Le marché | La forêt | La rivière | L'école | Le jardin
du-lieu:
  | du village | du marché | de la forêt | de la rivière | de l'école | de l'église | de la gare | de la mer | du pont
au-lieu:
  | au marché | à l'école | à la gare | à la plage | au jardin | à la boulangerie | à l'église | à la bibliothèque
ville:
  | Paris | Lyon | Marseille | Nice | Bordeaux | Lille | Nantes
adj-lieu:
  | petite | grande | vieille | jolie | belle | nouvelle
un-animal:
  | un chat | un chien | un cheval | un oiseau | un lapin | un poisson | une vache | une poule | une souris | un canard | une chèvre
nombre:
  | deux | trois | quatre | cinq | six | sept | huit | dix
jour:
  | lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche
moment:
  | matin | après-midi | soir
temps:
  | beau | froid | chaud | mauvais | du vent | du soleil | gris
sentiment:
  | content | triste | fatigué | en colère | malade | seul | très heureux | inquiet
couleur:
  | rouge | bleu | vert | jaune | blanc | noir | gris
nourriture:
  | du pain | du fromage | de la soupe | des pommes | des fraises | du poulet | du gâteau | de la salade | des œufs | du poisson | du lait
objet:
  | le livre | la lettre | le chapeau | la clé | la table | la lampe | le couteau | la chaise | le sac | la montre
famille:
  | mère | sœur | grand-mère | tante | fille | cousine
body:
  {phrase}
  {phrase}
  {phrase}
  {dialogue}
  ¶¶{phrase}
phrase:
  Le {jour}, il mange {nourriture} et {nourriture}.
  Dans le jardin, il y a {nombre} arbres et {un-animal}.
  Sa {famille} n'aime pas {un-animal}, mais elle aime {un-animal}.
  Il ne trouve pas {objet}. Il est {sentiment}.
  Ils vont {au-lieu} et achètent {nourriture} pour {nombre} euros.
  Hier, nous avons vu {un-animal} près {du-lieu}.
  Il fait {temps} et les enfants jouent près {du-lieu}.
  Elle a perdu {objet} {au-lieu}, et maintenant elle cherche partout.
  Le matin, je bois du café et je lis le journal.
  Tous les {jour}s, ma {famille} travaille {au-lieu}.
  {objet-cap} est sur la table, à côté de la fenêtre.
  Son pull est {couleur}, mais son manteau est {couleur}.
  À {nombre} heures, le train part pour {ville}.
  Je n'ai jamais mangé {nourriture} avec {nourriture}.
  Nous avons {nombre} chats, mais nous n'avons pas de chien.
objet-cap:
  | Le livre | La lettre | Le chapeau | La clé | La lampe | Le sac
dialogue:
  « Où est {objet}? » demande sa {famille}. « Je ne sais pas », répond-il.
  « Tu es {sentiment}? » demande-t-elle. « Non, je suis {sentiment}. »
  « Bonjour, madame! Je voudrais {nourriture}, s'il vous plaît. » « Voilà, monsieur. »
  « Combien ça coûte? » « {nombre} euros, monsieur. » « C'est trop cher! »
  « Pourquoi pleures-tu? » « Parce que j'ai perdu {objet}. »
close:
  ¶¶Le soir, tout le monde mange {nourriture} et va dormir.
  ¶¶À bientôt!
  ¶¶Et c'est la fin de l'histoire.
`);
