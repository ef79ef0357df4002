/** Towns, countries, buildings, teams and the calendar. */
export const places = `
town @place
  Ashford Brookfield Dunmore Eastport Fairhaven Glenwood Harwick Kingsbridge Larkhill Millbrook Northam Oakdale
  Port_Ellis Ravensby Stonebury Thornton Westbury Whitcombe Yarrow Zennor Hollin Merton Castleford Silverdale
city @place
  London Paris Berlin Rome Madrid Vienna Oslo Lisbon Prague Dublin Athens Cairo Boston Chicago Tokyo Delhi Sydney
  Toronto Hamburg Lyon Geneva Warsaw
country @country
  France Germany Italy Spain Norway Portugal Ireland Greece Egypt Canada Japan India Australia Brazil Poland Austria
  Sweden Kenya Mexico Switzerland
building @building
  school church hospital library museum castle barn bakery station theatre hotel bank market mill tower cottage farm
  bridge harbour palace prison factory chapel inn lighthouse stable cinema airport post_office town_hall
dwelling @building
  cottage farmhouse house tower mill inn hut cabin
room
  kitchen bedroom cellar attic garden hall bathroom corridor balcony garage
compass @direction
  north south east west
side
  left right
sport @sport
  football tennis rugby cricket hockey basketball volleyball handball
team-word @team
  Rovers United Rangers Wanderers Lions Eagles Hornets Athletic Tigers Falcons
month @month
  January February March April May June July August September October November December
weekday @weekday
  Monday Tuesday Wednesday Thursday Friday Saturday Sunday
few @number
  two three four five six seven eight nine ten
dozen @number
  eleven twelve thirteen fourteen fifteen sixteen twenty thirty forty fifty sixty ninety
ordinal @ordinal
  first second third fourth fifth sixth seventh
`;
