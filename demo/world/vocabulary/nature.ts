/** Animals, plants, landscape, weather and colours. */
export const nature = `
pet @animal
  cat dog rabbit hamster parrot pony kitten puppy tortoise goldfish guinea_pig canary
farm-animal @animal
  cow horse sheep goat pig hen duck goose donkey lamb calf bull rooster turkey chick piglet
wild-animal @animal
  fox wolf bear deer hare squirrel hedgehog badger owl eagle crow frog toad mouse otter beaver lion tiger elephant
  monkey zebra giraffe camel snake crocodile whale dolphin seal penguin swan heron robin sparrow pigeon bat mole
  raven stork kangaroo panda leopard turtle shark octopus crab salmon trout lizard moose hippo rhino gorilla
insect @animal
  bee ant butterfly spider beetle moth wasp ladybird grasshopper snail worm dragonfly cricket
tree @plant
  oak birch pine willow maple chestnut elm cedar poplar
flower @plant
  rose tulip daisy lily sunflower violet poppy daffodil orchid lavender
greenery @plant
  grass moss ivy bush hedge fern reed bamboo cactus weed
landscape @landscape
  river lake forest hill mountain valley meadow beach island cave cliff pond stream field desert shore wood swamp bay
  waterfall glacier dune canyon
colour @colour
  red blue green yellow white black brown grey pink purple golden silver scarlet crimson turquoise violet
weather-noun @weather
  rain snow wind fog frost thunder lightning hail mist drizzle sunshine storm breeze cloud ice sleet
weather-adjective @weather
  rainy sunny windy foggy cloudy stormy snowy frosty misty chilly humid icy
season @time
  spring summer autumn winter
part-of-day @time
  morning afternoon evening night midday dawn dusk
`;
