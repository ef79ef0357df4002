/** People, what they are to each other, what they feel, wear and suffer from. */
export const people = `
female-name @person-name
  Anna Clara Emma Grace Hannah Ivy Julia Laura Mia Nina Olivia Rosa Sarah Sophie Alice Bella Carmen Diana Eleanor
  Fiona Greta Helen Irene Jane Kate Leila Maria Naomi Paula Ruth Susan Tina Vera Wendy Yasmin Zoe Priya Amara Ingrid
  Matilda Beatrice Charlotte
male-name @person-name
  Adam Ben Carl Daniel Edward Felix George Henry Isaac Jack Kevin Leo Max Noah Oscar Peter Robert Simon Thomas Victor
  William Arthur Bruno Colin David Erik Frank Hugo Ivan James Karim Louis Martin Nathan Omar Paul Samuel Tom Walter
  Yusuf Anton Theo
surname @person-name
  Baker Carter Fletcher Green Hill Jenkins King Lambert Miller Nelson Parker Reed Shaw Taylor Turner Walker Young
  Cooper Novak Fischer Dubois Costa Larsen Okafor Patel Tanaka Murphy Bennett Doyle
family-female @family
  mother sister grandmother aunt daughter niece
family-male @family
  father brother grandfather uncle son nephew
family-any @family
  cousin parent twin grandchild
job @job
  teacher doctor nurse farmer baker butcher carpenter sailor soldier painter gardener plumber engineer lawyer judge
  singer dancer pilot driver waiter chef tailor fisherman librarian mechanic journalist scientist dentist policewoman
  postman shepherd blacksmith potter actor clerk captain miner hunter
joy-adjective @joy,feeling
  happy glad cheerful delighted joyful proud thrilled pleased grateful excited hopeful
sadness-adjective @sadness,feeling
  sad lonely unhappy miserable heartbroken gloomy homesick disappointed sorrowful
fear-adjective @fear,feeling
  afraid scared frightened nervous terrified worried anxious
anger-adjective @anger,feeling
  angry furious annoyed bitter jealous
feeling-noun @feeling
  joy happiness sadness fear anger grief love pride shame hope worry envy delight courage surprise
temperament
  kind brave clever shy honest patient stubborn gentle curious lazy polite rude wise foolish generous greedy
size @size
  big small tiny huge large little enormous tall short giant
body-part @body-part
  head hand arm leg foot knee neck shoulder ear eye nose mouth tooth finger toe elbow stomach chest chin cheek
  tongue wrist ankle throat heart lung skin hip forehead thumb
animal-part @body-part
  tail wing paw beak fur horn feather whisker claw hoof
illness @illness
  fever cough cold headache rash flu sore_throat toothache earache infection burn bruise cramp allergy
clothing @clothing
  hat coat scarf dress shirt jacket sweater skirt shoe boot sock glove belt cap cloak apron blouse sandal raincoat vest
`;
