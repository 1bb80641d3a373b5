//! Top-level domains.
//!
//! It owns the list and which of its entries are also endings of files or
//! words of programs. It must never know a text.

use std::sync::LazyLock;

use super::text::word_hash;

/// What the last label of a name says about the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelKind {
    /// Nearly always a host: `com`, `internal`.
    Host,
    /// A country or a general domain, of which the name needs three labels.
    Domain,
    /// Also the ending of a file, or a word of programs: `rs`, `name`.
    Word,
}

/// Domains that are not in the root and name machines of a private network.
const PRIVATE: &str = "internal local corp lan intranet intra private localdomain home";

/// Domains under which a name of two labels is a host.
const HOSTS: &str = "com net org edu gov mil arpa biz eu uk de fr nl ru cn jp kr br au ca ch se fi dk cz es pt gr hu \
    ro ua tr us ar mx pl io co xyz tv example test onion";

/// Domains that end files, or are words after a dot in programs.
const WORDS: &str = "rs py sh pl md so ps cc ml mm st is in to do id me my at am be by no it as bz ai mo ms mk lt la vi br zip mov \
    app name java call cat data date day dev select read open play run save search link page post host new now \
    work map box bar foo info int tel pub build cab case cash click close cloud codes community \
    compare computer contact cool country dad delivery design digital direct directory discover \
    domains download engineering events exchange expert express fail family fast field file \
    finance fit fly forum free fun fund game games gift glass global gold graphics green group guide guru health help \
    here hot how inc ing institute international jobs law legal life limited live loan ltd management map \
    market media menu moi money monster network news one ong page partners parts party photo pictures pin place plus \
    press prime pro prod productions promo properties property racing recipes red rent rentals repair report review \
    reviews room run sale school science secure security services shop show site sky social software solutions space spot \
    store stream studio study style support systems team technology test tips today tools top total tours town \
    toys trade trading training travel trust university vet video vision vote watch weather web website win work works \
    world yes you zero zone app android audio auto band bank base bike black blue boo boot bot \
    camp camera care center channel chat city claims coach code company data deal dog earth eat email energy \
    final fire fish flow food foundation fyi gal garden gives gle goo hosting house ink land lat love \
    men mobile moe mom nab next nexus off office onl online origins ott phd phone ping poker position post \
    pics read ren rest rip safe sap sas save sbs sc seek sex ski sl sm sn soy srl sr su sx tab tax tc td \
    tf tg th theater tk tl tm tn tt tube tw tz vc ve vg vn vu wed wf wow ws wtf xin yt za zm zw";

/// From the public suffix list as it was published with version 2.1.247 of the
/// crate `psl` (publicsuffix.org), the part of the root zone, without the internationalised names, which begin with
/// `xn--` or are not ASCII.
const ROOT: &str = "\
    aaa aarp abb abbott abbvie abc able abogado abudhabi ac academy accenture accountant accountants aco actor ad ads \
    adult ae aeg aero aetna af afl africa ag agakhan agency ai aig airbus airforce airtel akdn al alibaba alipay \
    allfinanz allstate ally alsace alstom am amazon americanexpress americanfamily amex amfam amica amsterdam analytics \
    android anquan anz ao aol apartments app apple aq aquarelle ar arab aramco archi army arpa art arte as asda asia \
    associates at athleta attorney au auction audi audible audio auspost author auto autos aw aws ax axa az azure ba \
    baby baidu banamex band bank bar barcelona barclaycard barclays barefoot bargains baseball basketball bauhaus \
    bayern bb bbc bbt bbva bcg bcn bd be beats beauty beer berlin best bestbuy bet bf bg bh bharti bi bible bid bike \
    bing bingo bio biz bj black blackfriday blockbuster blog bloomberg blue bm bms bmw bn bnpparibas bo boats \
    boehringer bofa bom bond boo book booking bosch bostik boston bot boutique box br bradesco bridgestone broadway \
    broker brother brussels bs bt build builders business buy buzz bv bw by bz bzh ca cab cafe cal call calvinklein cam \
    camera camp canon capetown capital capitalone car caravan cards care career careers cars casa case cash casino cat \
    catering catholic cba cbn cbre cc cd center ceo cern cf cfa cfd cg ch chanel channel charity chase chat cheap \
    chintai christmas chrome church ci cipriani circle cisco citadel citi citic city ck cl claims cleaning click clinic \
    clinique clothing cloud club clubmed cm cn co coach codes coffee college cologne com commbank community company \
    compare computer comsec condos construction consulting contact contractors cooking cool coop corsica country coupon \
    coupons courses cpa cr credit creditcard creditunion cricket crown crs cruise cruises cu cuisinella cv cw cx cy \
    cymru cyou cz dad dance data date dating datsun day dclk dds de deal dealer deals degree delivery dell deloitte \
    delta democrat dental dentist desi design dev dhl diamonds diet digital direct directory discount discover dish diy \
    dj dk dm dnp do docs doctor dog domains dot download drive dtv dubai dupont durban dvag dvr dz earth eat ec eco \
    edeka edu education ee eg email emerck energy engineer engineering enterprises epson equipment er ericsson erni es \
    esq estate et eu eurovision eus events exchange expert exposed express extraspace fage fail fairwinds faith family \
    fan fans farm farmers fashion fast fedex feedback ferrari ferrero fi fidelity fido film final finance financial \
    fire firestone firmdale fish fishing fit fitness fj fk flickr flights flir florist flowers fly fm fo foo food \
    football ford forex forsale forum foundation fox fr free fresenius frl frogans frontier ftr fujitsu fun fund \
    furniture futbol fyi ga gal gallery gallo gallup game games gap garden gay gb gbiz gd gdn ge gea gent genting \
    george gf gg ggee gh gi gift gifts gives giving gl glass gle global globo gm gmail gmbh gmo gmx gn godaddy gold \
    goldpoint golf goodyear goog google gop got gov gp gq gr grainger graphics gratis green gripe grocery group gs gt \
    gu gucci guge guide guitars guru gw gy hair hamburg hangout haus hbo hdfc hdfcbank health healthcare help here \
    hermes hiphop hisamitsu hitachi hiv hk hkt hm hn hockey holdings holiday homedepot homegoods homes homesense honda \
    horse hospital host hosting hot hotel hotels hotmail house how hr hsbc ht hu hughes hyatt hyundai ibm icbc ice icu \
    id ie ieee ifm ikano il im imamat imdb immo immobilien in inc industries infiniti info ing ink institute insurance \
    insure int international intuit investments io ipiranga iq ir irish is ismaili ist istanbul it itau itv jaguar java \
    jcb je jeep jetzt jewelry jio jll jm jmp jnj jo jobs joburg jot joy jp jpmorgan jprs juegos kaufen kddi ke \
    kerryhotels kerryproperties kfh kg kh ki kia kids kim kindle kitchen kiwi km kn koeln komatsu kosher kp kpmg kpn kr \
    krd kred kuokgroup kw ky kyoto kz la lacaixa lamborghini lamer land landrover lanxess lasalle lat latino latrobe \
    law lawyer lb lc lds lease leclerc lefrak legal lego lexus lgbt li lidl life lifeinsurance lifestyle lighting like \
    lilly limited limo lincoln link live living lk llc llp loan loans locker locus lol london lotte lotto love lpl \
    lplfinancial lr ls lt ltd ltda lu lundbeck luxe luxury lv ly ma madrid maif maison makeup man management mango map \
    market marketing markets marriott marshalls mattel mba mc mckinsey md me med media meet melbourne meme memorial men \
    menu merck merckmsd mg mh miami microsoft mil mini mint mit mitsubishi mk ml mlb mls mm mma mn mo mobi mobile moda \
    moe moi mom monash money monster mormon mortgage moscow moto motorcycles mov movie mp mq mr ms msd mt mtn mtr mu \
    museum music mv mw mx my mz na nab nagoya name navy nba nc ne nec net netbank netflix network neustar new news next \
    nextdirect nexus nf nfl ng ngo nhk ni nico nike nikon ninja nissan nissay nl no nokia norton now nowruz nowtv np nr \
    nra nrw ntt nu nyc nz obi observer office okinawa olayan olayangroup ollo om omega one ong onion onl online ooo \
    open oracle orange org organic origins osaka otsuka ott ovh pa page panasonic paris pars partners parts party pay \
    pccw pe pet pf pfizer pg ph pharmacy phd philips phone photo photography photos physio pics pictet pictures pid pin \
    ping pink pioneer pizza pk pl place play playstation plumbing plus pm pn pnc pohl poker politie porn post pr praxi \
    press prime pro prod productions prof progressive promo properties property protection pru prudential ps pt pub pw \
    pwc py qa qpon quebec quest racing radio re read realestate realtor realty recipes red redumbrella rehab reise \
    reisen reit reliance ren rent rentals repair report republican rest restaurant review reviews rexroth rich \
    richardli ricoh ril rio rip ro rocks rodeo rogers room rs rsvp ru rugby ruhr run rw rwe ryukyu sa saarland safe \
    safety sakura sale salon samsclub samsung sandvik sandvikcoromant sanofi sap sarl sas save saxo sb sbi sbs sc scb \
    schaeffler schmidt scholarships school schule schwarz science scot sd se search seat secure security seek select \
    sener services seven sew sex sexy sfr sg sh shangrila sharp shell shia shiksha shoes shop shopping shouji show si \
    silk sina singles site sj sk ski skin sky skype sl sling sm smart smile sn sncf so soccer social softbank software \
    sohu solar solutions song sony soy spa space sport spot sr srl ss st stada staples star statebank statefarm stc \
    stcgroup stockholm storage store stream studio study style su sucks supplies supply support surf surgery suzuki sv \
    swatch swiss sx sy sydney systems sz tab taipei talk taobao target tatamotors tatar tattoo tax taxi tc tci td tdk \
    team tech technology tel temasek tennis teva tf tg th thd theater theatre tiaa tickets tienda tips tires tirol tj \
    tjmaxx tjx tk tkmaxx tl tm tmall tn to today tokyo tools top toray toshiba total tours town toyota toys tr trade \
    trading training travel travelers travelersinsurance trust trv tt tube tui tunes tushu tv tvs tw tz ua ubank ubs ug \
    uk unicom university uno uol ups us uy uz va vacations vana vanguard vc ve vegas ventures verisign versicherung vet \
    vg vi viajes video vig viking villas vin vip virgin visa vision viva vivo vlaanderen vn vodka volvo vote voting \
    voto voyage vu wales walmart walter wang wanggou watch watches weather weatherchannel web webcam weber website wed \
    wedding weibo weir wf whoswho wien wiki williamhill win windows wine winners wme woodside work works world wow ws \
    wtc wtf xbox xerox xihuan xin xxx xyz yachts yahoo yamaxun yandex ye yodobashi yoga yokohama you youtube yt yun za \
    zappos zara zero zip zm zone zuerich zw";

/// The names by their hash: one look tells most words from a domain.
struct TldTable {
    /// The place of a name plus one, or zero; a taken slot leads to the next.
    slots: Box<[u16; SLOTS]>,
    names: Vec<(&'static str, LabelKind)>,
}

/// Of twice as many slots as there are names, most looks end at the first.
const SLOTS: usize = 4096;

static TABLE: LazyLock<TldTable> = LazyLock::new(|| {
    let mut words: Vec<_> = WORDS.split_whitespace().collect();
    let mut hosts: Vec<_> = HOSTS.split_whitespace().chain(PRIVATE.split_whitespace()).collect();
    words.sort_unstable();
    hosts.sort_unstable();
    let kind = |name: &'static str| match name {
        name if hosts.binary_search(&name).is_ok() => LabelKind::Host,
        name if words.binary_search(&name).is_ok() || name.len() > 3 => LabelKind::Word,
        _ => LabelKind::Domain,
    };
    let all = ROOT.split_whitespace().chain(hosts.iter().copied());
    let mut names: Vec<_> = all.map(|name| (name, kind(name))).collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    names.dedup_by_key(|(name, _)| *name);
    let mut slots = Box::new([0; SLOTS]);
    for (place, (name, _)) in (1..).zip(&names) {
        let mut at = hash(name.as_bytes());
        while slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) % SLOTS;
        }
        if let Some(slot) = slots.get_mut(at) {
            *slot = place;
        }
    }
    TldTable { slots, names }
});

fn hash(label: &[u8]) -> usize {
    word_hash(label) as usize % SLOTS
}

/// The longest of them.
const LONGEST: usize = 18;

/// What `label` is, if it is a top-level domain, in any case of letters.
pub(super) fn of(label: &[u8]) -> Option<LabelKind> {
    if label.len() >= 4 && label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"xn--")) {
        return Some(LabelKind::Host);
    }
    if label.len() < 2 || label.len() > LONGEST {
        return None;
    }
    let table = &*TABLE;
    let mut at = hash(label);
    loop {
        let place = usize::from(*table.slots.get(at)?).checked_sub(1)?;
        let (name, kind) = table.names.get(place)?;
        if name.as_bytes().eq_ignore_ascii_case(label) {
            return Some(*kind);
        }
        at = (at + 1) % SLOTS;
    }
}

/// Whether a label of a private network ends a name.
pub(super) fn is_private(label: &[u8]) -> bool {
    PRIVATE.split(' ').any(|name| label.eq_ignore_ascii_case(name.as_bytes()))
}
