"""The words behind the floor: what says that somebody is a minor, and what makes a picture sexual.

Indicators only, one a comma; `stem*` matches longer words. `floor` says how they are weighed.
"""


def _terms(words: str) -> tuple[str, ...]:
    return tuple(term for word in words.split(",") if (term := " ".join(word.split())))


# Unlawful to depict, whatever stands beside them.
UNLAWFUL = _terms("""
    child porn*, child pornography, kid porn, kiddie porn*, kiddy porn, teen porn, child erotica,
    child sexual abuse, csam, csem, pthc, lolicon, shotacon, toddlercon, jail bait, jailbait,
    pedo, pedophil*, paedophil*, pédophil*, pédopornograph*, kinderporn*, pornographie infantile,
    pornografía infantil, детск* порн*, педофил*, 児童ポルノ, ロリコン, 儿童色情, 兒童色情, 恋童
""")

# Says "minor" by itself.
MINOR = _terms("""
    child, children, kid, kiddo, kiddie, toddler, infant, newborn, baby, babies, preschooler,
    preteen, pre teen, tween, teen, teenager, teenage, teenaged, adolescent, youngster, juvenile,
    underage, underaged, under age, minors, prepubescent, pubescent, prepuberty, prepubertal,
    little girl, little boy, young girl, young boy, younger girl, younger boy, small girl,
    small boy, tiny girl, tiny boy, baby girl, baby boy, girl child, boy child, minor girl,
    minor boy, young looking girl, young looking boy,
    schoolgirl, school girl, schoolboy, school boy, schoolchild, schoolchildren, school kid,
    grade schooler, middle schooler, high schooler, kindergartner, kindergartener,
    elementary student, elementary school student, primary school student, middle school student,
    high school student, high school girl, high school boy, sixth grader, seventh grader,
    eighth grader, ninth grader, cub scout, boy scout, girl scout, loli, shota, lolita,
    childlike body, child like body, childs body, under 18, under eighteen, below 18,
    younger than 18, less than 18, not yet 18, not 18, month old, months old, week old,
    weeks old, days old,
    enfant, fillette, petite fille, petit garçon, jeune fille, jeune garçon, garçonnet,
    écolier, écolière, collégien, collégienne, lycéen, lycéenne, bébé, mineure,
    préadolescent*, adolescente,
    kinder, kleinkind, kleinkinder, ein kind, das kind, kleines mädchen, junges mädchen,
    kleiner junge, schulmädchen, schulkind, schulkinder, schülerin, minderjährig*, säugling,
    jugendliche*, teenagerin,
    niñas, niños, una niña, la niña, niña pequeña, un niño, niño pequeño, menor de edad,
    menores, colegiala, adolescentes, bebe, chiquilla, bambina, bambino, bambini, criança, crianças,
    ребен*, дети, детей, детск*, девочк*, мальчик*, школьниц*, школьник*, несовершеннолетн*,
    малолетн*, малолетк*, младен*, подрост*, лоли,
    子供, 子ども, こども, 児童, 幼女, 幼児, 幼い, 小学生, 中学生, 高校生, 女子高生, 女児, 男児,
    園児, 赤ちゃん, 未成年, ロリ, ショタ, 儿童, 兒童, 孩子, 小孩, 小女孩, 小男孩, 萝莉, 蘿莉, 正太,
    初中生, 高中生, 婴儿, 嬰兒, 幼童, 어린이, 미성년, 초등학생, 중학생, 고등학생, 여고생
""")

# Says "minor" only together with more: so much for each group that is there.
HINTS: dict[tuple[str, ...], int] = {
    _terms("girl, boy, 1girl, 2girls, fille, garçon, mädchen, niña, niño, menina, menino, "
           "gamin, gamine, muchacha, muchacho, девушк*, 女孩, 男孩, 女の子, 男の子, 소녀, 소년"): 1,
    _terms("少女, 少年"): 2,
    _terms("school uniform, sailor uniform, serafuku, uniforme scolaire, schuluniform, "
           "uniforme escolar, школьн*, 制服, 校服, 교복"): 2,
    _terms("high school, middle school, junior high, elementary school, primary school, "
           "grade school, secondary school, kindergarten, preschool, nursery school, daycare, "
           "école primaire, lycée, grundschule, escuela primaria, 小学校, 中学校, 小学, "
           "1st grade, 2nd grade, 3rd grade, 4th grade, 5th grade, 6th grade, 7th grade, "
           "8th grade, 9th grade, third grade, fourth grade, fifth grade, sixth grade, "
           "seventh grade, eighth grade"): 2,
    _terms("school, classroom, student, playground, écoliers, schule, escuela"): 1,
    _terms("daughter, stepdaughter, little sister, little brother, tochter, hija, дочь"): 2,
    _terms("minor, very young, too young, barely legal, underdeveloped, undeveloped, childlike, "
           "child like, childish body, youthful body, looks young, almost 18, nearly 18, "
           "sweet sixteen"): 2,
    _terms("youthful, young looking, baby face, baby faced, babyface, youth, innocent face"): 1,
    _terms("petite, tiny body, small body, short stature, child size, child sized"): 1,
    _terms("flat chest, flat chested, flatchested, no breasts"): 1,
    _terms("pigtail, twintail, twin tails, twin braids"): 1,
    _terms("braces, dental braces, pacifier, diaper, teddy bear, stuffed animal, lollipop"): 1,
    _terms("cherub, putti, putto"): 1,
}  # fmt: skip

# Says "adult".
ADULT = _terms("""
    adult, woman, women, man, men, lady, ladies, gentleman, gentlemen, grown up, of legal age,
    milf, mature, wife, husband, femme, homme, adulte, frau, erwachsene*, mujer, hombre, adulto,
    adulta, женщин*, мужчин*, взросл*, 成人, 大人, 女性, 男性, 女人, 男人
""")

EXPLICIT = _terms("""
    nude, nudity, naked, nakedness, topless, bottomless, undressed, undressing, unclothed,
    no clothes, without clothes, no clothing, without clothing, wearing nothing, clothes off,
    bare breast, bare breasted, strip naked, stripper, striptease, nsfw, rule 34, *porn*,
    pr0n, hentai, xxx, sex, sexual, sexually, sexualized, sexualised, intercourse, erotic, erotica,
    eroticism, orgasm*, masturbat*, genital, genitals, genitalia, penis, penises, vagina*, vulva,
    pussy, cock, dick pic, big dick, hard dick, tits, titties, boobs, boobies, nipple, areola*,
    anus, anal, blowjob, blow job, handjob, hand job, deepthroat, cum, cumshot, creampie,
    fellatio, cunnilingus, bdsm, bondage, fetish*, gangbang, orgy, incest*, rape, raped, molest*,
    fuck*, slut*, whore, prostitut*, horny, aroused, lewd, ahegao, futanari, futa,
    spread legs, legs spread, spreading legs, dominatrix, spanking, onlyfans, only fans,
    camel toe, cameltoe, upskirt, panty shot, pantyshot, downblouse, penetrated, buttplug, dildo,
    uncensored, explicit content,
    nue, nues, tout nu, toute nue, dénudé*, nudité, seins nus, sexe, sexuel*, érotique*,
    nackt*, entblößt*, sexuell*, erotisch*, desnud*, sexo, sexual*, erótic*, nuda,
    голый, голая, голые, голой, голую, голого, обнажен*, секс*, эротик*, эротич*, порн*,
    裸, ヌード, 全裸, エロ, エロい, セックス, 性交, 性的, 性器, 乳首, 色情, 情色, 做爱, 做愛, 露点,
    淫, ポルノ, 누드, 알몸, 섹스, 음란, 야한
""")

SUGGESTIVE = _terms("""
    sexy, sexi, sexier, sexiest, seductive*, seducing, sultry, sensual, sensually, provocative*,
    lingerie, panties, panty, underwear, bra, thong, g string, micro bikini, string bikini,
    sling bikini, cleavage, busty, breast, buttocks, ass, crotch, pinup, pin up, boudoir,
    voluptuous, kinky, ecchi, revealing clothes, revealing clothing, revealing outfit, skimpy,
    see through clothes, see through dress, see through shirt, making out, french kiss,
    french kissing, scantily clad, suggestive pose, bedroom eyes,
    séduisante, sous vêtements, soutien gorge, verführerisch*, unterwäsche,
    lencería, ropa interior, bragas, seductora, сексуальн*, нижнее белье, трусик*,
    セクシー, 下着, 性感, 内衣, 内裤, 섹시, 속옷
""")

# In a negative prompt: whoever is drawn shall not be grown up.
ADULT_DENIED = _terms("""
    adult, adult woman, adult man, adult body, adult female, adult male, grown up, grown woman,
    grown man, mature woman, mature female, mature body, of legal age, over 18, aged up,
    adulte, erwachsen*, adulto, adulta, взросл*, 成人女性, 大人の女性
""")

# A whole piece of a negative prompt: whoever is drawn shall wear nothing.
CLOTHES_DENIED = frozenset(
    _terms("""
    clothes, clothing, clothed, cloth, any clothes, any clothing, all clothes, all clothing,
    fully clothed, dressed, fully dressed, wearing clothes, wearing clothing, garment, garments,
    apparel, outfit, sfw, safe for work, vêtements, habillé, habillée, kleidung, angezogen,
    bekleidet, ropa, vestida, vestido, одежда, одетая, 服, 衣服
""")
)

# Innocent although they hold an indicator; regular expressions over folded text.
_COSMETICS = (
    "lip(?:s|sticks?|gloss| gloss| colou?r)?|nails?|nail polish|polish|make-? ?up|heels?|pumps|"
    "shoes?|tones?|palettes?|shades?|colou?r(?:ed|s)?|pink|beige|eye ?shadow|gloss|blush|tights|"
    "stockings|leather|brown|cream|manicure"
)
_ANIMALS = (
    "animals?|elephants?|goats?|deer|foxe?s?|birds?|ducks?|bears?|seals?|pandas?|dragons?|lambs?|"
    "penguins?|owls?|rabbits?|bunn(?:y|ies)|turtles?|dinosaurs?|sloths?|otters?|tigers?|lions?"
)
INNOCENT = tuple(" ".join(phrase.split()) for phrase in (
    rf"nude (?:{_COSMETICS})", rf"baby (?:{_ANIMALS})",
    "naked (?:eye|cake|mole rat|truth|trees?|branch(?:es)?|flames?|juice|chef|bike)s?",
    "baby (?:blue|pink|yellow|green|purple|lavender|oil|powder|grand|boomers?|steps?|corn|"
    "carrots?|spinach|potato(?:es)?|tears|doll dress|shark|yoda|groot)", "baby'?s breath",
    "teenage mutant(?: ninja turtles?)?", "teen titans?", "teen wolf",
    "kid (?:gloves?|leather|skin|rock|cudi)", "(?:billy|karate|sundance|cisco|whiz) the kid",
    "(?:karate|whiz|cisco|goat|sundance) kid", "kid goats?", "goat kids?", "new kids? on the block",
    "inner child", "wild child", "brain ?child", "poster child", "destiny'?s child", "child ?proof",
    "young adults?", "school of (?:fish|thought|athens|rock|herring|dolphins)",
    "(?:old|art|film|law|business|medical|driving|dance|cooking|graduate|night) school",
    "school bus(?:es)?", "(?:college|university|graduate|law|medical|art|adult) students?",
    "breast (?:cancer|pocket|pockets|stroke|plate|milk|pump|feeding|fed)",
    "(?:chicken|turkey|duck|goose|robin|red) breasts?", "(?:sports?|nursing) bra",
    "(?:blue|great|coal|marsh|willow|crested|long-? ?tailed) tits?",
    "pussy (?:willow|cat|foot)s?", "cock (?:crow|crows|crowing|a doodle doo|pit|tail)s?",
    "sex (?:education|ed|and the city|pistols|chromosomes?)", "(?:same|opposite|fair) sex",
    "(?:summa |magna )?cum laude", "rape (?:seed|field|flower|blossom|oil)s?", "thong sandals?",
    "kinky (?:hair|curls?|curly|coils?|coily)", "(?:ursa|asia|canis|leo) minor",
    "[a-g] (?:flat |sharp )?minor", "minor (?:key|chord|scale|league|flaw|detail|planet|character|"
    "imperfection|road|scratch|arcana)s?", "(?:gothic|sweet|classic) lolita",
    "lolita (?:fashion|dress|dresses|style|coat)", "(?:baby |bottle |pacifier )+nipples?",
    "(?:kick|bad|jack) ass", "ass and (?:ox|foal)", "(?:pinup|pin-?up) board",
    "brand spanking new", "paint strippers?", "bottomless (?:pit|brunch|coffee|well)",
    "裸足", "裸眼", "裸子", "制服警官",
))  # fmt: skip
ADULT_MATERIAL = (  # in a negative prompt these keep something out, not somebody's age
    "adult (?:content|material|themes?|scenes?|imagery|images?|only|situations?|humou?r|nudity)",
)
