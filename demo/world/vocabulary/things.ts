/** Food, tools, rooms, vehicles, school, music, materials. */
export const things = `
fruit @food
  apple pear plum cherry banana grape lemon peach melon strawberry raspberry apricot fig mango blueberry
vegetable @food
  carrot onion potato tomato cabbage leek pumpkin mushroom cucumber pepper bean pea aubergine turnip radish
meat @food
  chicken beef bacon ham sausage lamb_chop salmon_fillet tuna
dairy @food
  butter cheese cream milk yoghurt
staple @food
  flour sugar rice pasta bread oats lentils eggs honey salt
spice @food
  cinnamon ginger garlic basil parsley thyme mint vanilla nutmeg paprika rosemary cumin
dish @food
  soup stew cake pie salad pancake pudding omelette curry pizza sandwich biscuit muffin dumpling risotto tart
drink @drink
  tea coffee water juice lemonade wine beer cocoa cider
tool @tool
  hammer spade ladder rope bucket needle broom knife axe nail brush shovel lantern torch wheelbarrow drill
  rake pump
kitchen-tool @tool
  bowl pan pot spoon oven whisk tray jug sieve plate
furniture @furniture
  table chair bed sofa shelf cupboard lamp desk mirror carpet curtain clock drawer bench cushion wardrobe
vehicle @vehicle
  car bus train tram bicycle boat ship plane lorry tractor taxi ferry van canoe sledge carriage motorbike
instrument @music
  piano violin guitar flute drum trumpet cello harp banjo clarinet
music-noun @music
  song melody concert choir orchestra tune rhythm
school-subject @school
  history geography biology chemistry physics algebra grammar spelling geometry
school-thing @school
  book pencil notebook ruler homework lesson exam classroom blackboard essay dictionary textbook
material @material
  wood stone iron glass paper leather wool cotton gold silver copper clay brick steel plastic marble velvet silk
treasure
  key letter ring map coin box photograph necklace medal compass kite doll ball whistle diary bell
shape
  round square oval narrow wide flat crooked hollow smooth rough
age-adjective
  old new ancient modern broken rusty dusty shiny clean dirty heavy light
`;
