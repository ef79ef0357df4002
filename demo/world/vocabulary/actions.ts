/** Verbs, adverbs and the small words that have a label of their own. */
export const actions = `
motion @motion-verb
  walk run hurry climb crawl wander march jump swim rush stroll dash creep race gallop
speech-verb @speech-verb
  say whisper shout reply answer cry mutter murmur explain promise announce insist admit warn add
ask-verb @speech-verb
  ask wonder inquire
manner @adverb
  slowly quickly quietly loudly carefully gently suddenly happily sadly angrily bravely politely nervously proudly
  eagerly silently calmly gladly softly firmly
frequency @adverb
  always often sometimes usually rarely seldom
comparative @comparison
  bigger smaller taller faster slower warmer colder older younger better worse stronger louder brighter heavier lighter
superlative @comparison
  biggest smallest tallest fastest slowest warmest coldest oldest youngest best worst strongest loudest
modal @modal-verb
  can could should must would might will cannot
denial @negation
  not no never nobody nothing none nowhere neither nor without
she @female-pronoun
  she her hers herself
he @male-pronoun
  he him his himself
they @plural-pronoun
  they them their theirs themselves we us our ours
you @second-person
  you your yours yourself
me @first-person
  I me my mine myself
reason @cause
  because therefore since so_that
hour-word @time
  today tomorrow yesterday tonight o'clock noon midnight
`;
