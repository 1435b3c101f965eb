package document

// pdfGlyphs is the part of the Adobe Glyph List for New Fonts and of the Adobe
// Glyph List (BSD-3-Clause, Adobe) that names letters of Latin, Greek, Cyrillic,
// Hebrew and Arabic, figures and signs: "code:name,name code:name". Letters with
// a single accent are composed instead, single ASCII letters name themselves.
const pdfGlyphs = "" +
	"1:controlSTX 2:controlSOT 3:controlETX 4:controlEOT 5:controlENQ 6:controlACK 7:controlBEL 8:controlBS 9:controlHT A:controlLF B:controlVT C:controlFF" +
	" D:controlCR E:controlSO F:controlSI 10:controlDLE 11:controlDC1 12:controlDC2 13:controlDC3 14:controlDC4 15:controlNAK 16:controlSYN 17:controlETB 1" +
	"8:controlCAN 19:controlEM 1A:controlSUB 1B:controlESC 1C:controlFS 1D:controlGS 1E:controlRS 1F:controlUS 20:space,spacehackarabic 21:exclam 22:quoted" +
	"bl 23:numbersign 24:dollar 25:percent 26:ampersand 27:quotesingle 28:parenleft 29:parenright 2A:asterisk 2B:plus 2C:comma 2D:hyphen 2E:period 2F:slash" +
	" 30:zero 31:one 32:two 33:three 34:four 35:five 36:six 37:seven 38:eight 39:nine 3A:colon 3B:semicolon 3C:less 3D:equal 3E:greater 3F:question 40:at 5" +
	"B:bracketleft 5C:backslash 5D:bracketright 5E:asciicircum 5F:underscore 60:grave 7B:braceleft 7C:bar,verticalbar 7D:braceright 7E:asciitilde 7F:contro" +
	"lDEL A0:nbspace,nonbreakingspace A1:exclamdown A2:cent A3:sterling A4:currency A5:yen A6:brokenbar A7:section A8:dieresis A9:copyright AA:ordfeminine " +
	"AB:guillemotleft AC:logicalnot AD:sfthyphen,softhyphen AE:registered AF:macron,overscore B0:degree B1:plusminus B2:twosuperior B3:threesuperior B4:acu" +
	"te B5:mu,mu1 B6:paragraph B7:middot,periodcentered B8:cedilla B9:onesuperior BA:ordmasculine BB:guillemotright BC:onequarter BD:onehalf BE:threequarte" +
	"rs BF:questiondown C6:AE D0:Eth D7:multiply D8:Oslash DE:Thorn DF:germandbls E6:ae F0:eth F7:divide F8:oslash FE:thorn 10A:Cdot 10B:cdot 110:Dcroat,Ds" +
	"lash 111:dcroat,dmacron 116:Edot 117:edot 120:Gdot 121:gdot 126:Hbar 127:hbar 130:Idot 131:dotlessi 132:IJ 133:ij 138:kgreenlandic 13F:Ldot,Ldotaccent" +
	" 140:ldot,ldotaccent 141:Lslash 142:lslash 149:napostrophe,quoterightn 14A:Eng 14B:eng 150:Odblacute 151:odblacute 152:OE 153:oe 166:Tbar 167:tbar 170" +
	":Udblacute 171:udblacute 17B:Zdot 17C:zdot 17F:longs,slong 180:bstroke 181:Bhook 182:Btopbar 183:btopbar 184:Tonesix 185:tonesix 186:Oopen 187:Chook 1" +
	"88:chook 189:Dafrican 18A:Dhook 18B:Dtopbar 18C:dtopbar 18D:deltaturned 18E:Ereversed 18F:Schwa 190:Eopen 191:Fhook 192:florin 193:Ghook 194:Gammaafri" +
	"can 195:hv 196:Iotaafrican 197:Istroke 198:Khook 199:khook 19A:lbar 19B:lambdastroke 19C:Mturned 19D:Nhookleft 19E:nlegrightlong 19F:Ocenteredtilde 1A" +
	"0:Ohorn 1A1:ohorn 1A2:Oi 1A3:oi 1A4:Phook 1A5:phook 1A6:yr 1A7:Tonetwo 1A8:tonetwo 1A9:Esh 1AA:eshreversedloop 1AB:tpalatalhook 1AC:Thook 1AD:thook 1A" +
	"E:Tretroflexhook 1AF:Uhorn 1B0:uhorn 1B1:Upsilonafrican 1B2:Vhook 1B3:Yhook 1B4:yhook 1B5:Zstroke 1B6:zstroke 1B7:Ezh 1B8:Ezhreversed 1B9:ezhreversed " +
	"1BA:ezhtail 1BB:twostroke 1BC:Tonefive 1BD:tonefive 1BE:glottalinvertedstroke 1BF:wynn 1C0:clickdental 1C1:clicklateral 1C2:clickalveolar 1C3:clickret" +
	"roflex 1C4:DZcaron 1C5:Dzcaron 1C6:dzcaron 1C7:LJ 1C8:Lj 1C9:lj 1CA:NJ 1CB:Nj 1CC:nj 1D5:Udieresismacron 1D6:udieresismacron 1D7:Udieresisacute 1D8:ud" +
	"ieresisacute 1D9:Udieresiscaron 1DA:udieresiscaron 1DB:Udieresisgrave 1DC:udieresisgrave 1DD:eturned 1DE:Adieresismacron 1DF:adieresismacron 1E0:Adotm" +
	"acron 1E1:adotmacron 1E2:AEmacron 1E3:aemacron 1E4:Gstroke 1E5:gstroke 1EC:Oogonekmacron 1ED:oogonekmacron 1EE:Ezhcaron 1EF:ezhcaron 1F1:DZ 1F2:Dz 1F3" +
	":dz 1FA:Aringacute 1FB:aringacute 1FC:AEacute 1FD:aeacute 1FE:Oslashacute,Ostrokeacute 1FF:oslashacute,ostrokeacute 200:Adblgrave 201:adblgrave 202:Ai" +
	"nvertedbreve 203:ainvertedbreve 204:Edblgrave 205:edblgrave 206:Einvertedbreve 207:einvertedbreve 208:Idblgrave 209:idblgrave 20A:Iinvertedbreve 20B:i" +
	"invertedbreve 20C:Odblgrave 20D:odblgrave 20E:Oinvertedbreve 20F:oinvertedbreve 210:Rdblgrave 211:rdblgrave 212:Rinvertedbreve 213:rinvertedbreve 214:" +
	"Udblgrave 215:udblgrave 216:Uinvertedbreve 217:uinvertedbreve 218:Scommaaccent 219:scommaaccent 2B0:hsuperior 2B1:hhooksuperior 2B2:jsuperior 2B4:rtur" +
	"nedsuperior 2B5:rhookturnedsuperior 2B6:Rsmallinvertedsuperior 2B7:wsuperior 2B8:ysuperior 2B9:primemod 2BA:dblprimemod 2BB:commaturnedmod 2BC:afii579" +
	"29,apostrophemod 2BD:afii64937,commareversedmod 2BE:ringhalfright 2BF:ringhalfleft 2C0:glottalstopmod 2C1:glottalstopreversedmod 2C2:arrowheadleftmod " +
	"2C3:arrowheadrightmod 2C4:arrowheadupmod 2C5:arrowheaddownmod 2C6:circumflex 2C7:caron 2C8:verticallinemod 2C9:firsttonechinese 2CA:secondtonechinese " +
	"2CB:fourthtonechinese 2CC:verticallinelowmod 2CD:macronlowmod 2CE:gravelowmod 2CF:acutelowmod 2D0:colontriangularmod 2D1:colontriangularhalfmod 2D2:ri" +
	"nghalfrightcentered 2D3:ringhalfleftcentered 2D4:uptackmod 2D5:downtackmod 2D6:plusmod 2D7:minusmod 2D8:breve 2D9:dotaccent 2DA:ring 2DB:ogonek 2DC:il" +
	"de,tilde 2DD:hungarumlaut 2DE:rhotichookmod 2E0:gammasuperior 2E3:xsuperior 2E4:glottalstopreversedsuperior 2E5:tonebarextrahighmod 2E6:tonebarhighmod" +
	" 2E7:tonebarmidmod 2E8:tonebarlowmod 2E9:tonebarextralowmod 300:gravecmb,gravecomb 301:acutecmb,acutecomb 302:circumflexcmb 303:tildecmb,tildecomb 304" +
	":macroncmb 305:overlinecmb 306:brevecmb 307:dotaccentcmb 308:dieresiscmb 309:hookabovecomb,hookcmb 30A:ringcmb 30B:hungarumlautcmb 30C:caroncmb 30D:ve" +
	"rticallineabovecmb 30E:dblverticallineabovecmb 30F:dblgravecmb 310:candrabinducmb 311:breveinvertedcmb 312:commaturnedabovecmb 313:commaabovecmb 314:c" +
	"ommareversedabovecmb 315:commaaboverightcmb 316:gravebelowcmb 317:acutebelowcmb 318:lefttackbelowcmb 319:righttackbelowcmb 31A:leftangleabovecmb 31B:h" +
	"orncmb 31C:ringhalfleftbelowcmb 31D:uptackbelowcmb 31E:downtackbelowcmb 31F:plusbelowcmb 320:minusbelowcmb 321:hookpalatalizedbelowcmb 322:hookretrofl" +
	"exbelowcmb 323:dotbelowcmb,dotbelowcomb 324:dieresisbelowcmb 325:ringbelowcmb 327:cedillacmb 328:ogonekcmb 329:verticallinebelowcmb 32A:bridgebelowcmb" +
	" 32B:dblarchinvertedbelowcmb 32C:caronbelowcmb 32D:circumflexbelowcmb 32E:brevebelowcmb 32F:breveinvertedbelowcmb 330:tildebelowcmb 331:macronbelowcmb" +
	" 332:lowlinecmb 333:dbllowlinecmb 334:tildeoverlaycmb 335:strokeshortoverlaycmb 336:strokelongoverlaycmb 337:solidusshortoverlaycmb 338:soliduslongove" +
	"rlaycmb 339:ringhalfrightbelowcmb 33A:bridgeinvertedbelowcmb 33B:squarebelowcmb 33C:seagullbelowcmb 33D:xabovecmb 33E:tildeverticalcmb 33F:dbloverline" +
	"cmb 340:gravetonecmb 341:acutetonecmb 342:perispomenigreekcmb 343:koroniscmb 344:dialytikatonoscmb 345:ypogegrammenigreekcmb 360:tildedoublecmb 361:br" +
	"eveinverteddoublecmb 374:numeralsigngreek 375:numeralsignlowergreek 37A:ypogegrammeni 37E:questiongreek 384:tonos 385:dialytikatonos,dieresistonos 386" +
	":Alphatonos 387:anoteleia 388:Epsilontonos 389:Etatonos 38A:Iotatonos 38C:Omicrontonos 38E:Upsilontonos 38F:Omegatonos 390:iotadieresistonos 391:Alpha" +
	" 392:Beta 393:Gamma 394:Deltagreek 395:Epsilon 396:Zeta 397:Eta 398:Theta 399:Iota 39A:Kappa 39B:Lambda 39C:Mu 39D:Nu 39E:Xi 39F:Omicron 3A0:Pi 3A1:Rh" +
	"o 3A3:Sigma 3A4:Tau 3A5:Upsilon 3A6:Phi 3A7:Chi 3A8:Psi 3A9:Omegagreek 3AA:Iotadieresis 3AB:Upsilondieresis 3AC:alphatonos 3AD:epsilontonos 3AE:etaton" +
	"os 3AF:iotatonos 3B0:upsilondieresistonos 3B1:alpha 3B2:beta 3B3:gamma 3B4:delta 3B5:epsilon 3B6:zeta 3B7:eta 3B8:theta 3B9:iota 3BA:kappa 3BB:lambda " +
	"3BC:mugreek 3BD:nu 3BE:xi 3BF:omicron 3C0:pi 3C1:rho 3C2:sigma1,sigmafinal 3C3:sigma 3C4:tau 3C5:upsilon 3C6:phi 3C7:chi 3C8:psi 3C9:omega 3CA:iotadie" +
	"resis 3CB:upsilondieresis 3CC:omicrontonos 3CD:upsilontonos 3CE:omegatonos 3D0:betasymbolgreek 3D1:theta1,thetasymbolgreek 3D2:Upsilon1,Upsilonhooksym" +
	"bol 3D3:Upsilonacutehooksymbolgreek 3D4:Upsilondieresishooksymbolgreek 3D5:phi1,phisymbolgreek 3D6:omega1,pisymbolgreek 3DA:Stigmagreek 3DC:Digammagre" +
	"ek 3DE:Koppagreek 3E0:Sampigreek 3E2:Sheicoptic 3E3:sheicoptic 3E4:Feicoptic 3E5:feicoptic 3E6:Kheicoptic 3E7:kheicoptic 3E8:Horicoptic 3E9:horicoptic" +
	" 3EA:Gangiacoptic 3EB:gangiacoptic 3EC:Shimacoptic 3ED:shimacoptic 3EE:Deicoptic 3EF:deicoptic 3F0:kappasymbolgreek 3F1:rhosymbolgreek 3F2:sigmalunate" +
	"symbolgreek 3F3:yotgreek 401:Iocyrillic,afii10023 402:Djecyrillic,afii10051 403:Gjecyrillic,afii10052 404:Ecyrillic,afii10053 405:Dzecyrillic,afii1005" +
	"4 406:Icyrillic,afii10055 407:Yicyrillic,afii10056 408:Jecyrillic,afii10057 409:Ljecyrillic,afii10058 40A:Njecyrillic,afii10059 40B:Tshecyrillic,afii1" +
	"0060 40C:Kjecyrillic,afii10061 40E:Ushortcyrillic,afii10062 40F:Dzhecyrillic,afii10145 410:Acyrillic,afii10017 411:Becyrillic,afii10018 412:Vecyrillic" +
	",afii10019 413:Gecyrillic,afii10020 414:Decyrillic,afii10021 415:Iecyrillic,afii10022 416:Zhecyrillic,afii10024 417:Zecyrillic,afii10025 418:Iicyrilli" +
	"c,afii10026 419:Iishortcyrillic,afii10027 41A:Kacyrillic,afii10028 41B:Elcyrillic,afii10029 41C:Emcyrillic,afii10030 41D:Encyrillic,afii10031 41E:Ocyr" +
	"illic,afii10032 41F:Pecyrillic,afii10033 420:Ercyrillic,afii10034 421:Escyrillic,afii10035 422:Tecyrillic,afii10036 423:Ucyrillic,afii10037 424:Efcyri" +
	"llic,afii10038 425:Khacyrillic,afii10039 426:Tsecyrillic,afii10040 427:Checyrillic,afii10041 428:Shacyrillic,afii10042 429:Shchacyrillic,afii10043 42A" +
	":Hardsigncyrillic,afii10044 42B:Yericyrillic,afii10045 42C:Softsigncyrillic,afii10046 42D:Ereversedcyrillic,afii10047 42E:IUcyrillic,afii10048 42F:IAc" +
	"yrillic,afii10049 430:acyrillic,afii10065 431:afii10066,becyrillic 432:afii10067,vecyrillic 433:afii10068,gecyrillic 434:afii10069,decyrillic 435:afii" +
	"10070,iecyrillic 436:afii10072,zhecyrillic 437:afii10073,zecyrillic 438:afii10074,iicyrillic 439:afii10075,iishortcyrillic 43A:afii10076,kacyrillic 43" +
	"B:afii10077,elcyrillic 43C:afii10078,emcyrillic 43D:afii10079,encyrillic 43E:afii10080,ocyrillic 43F:afii10081,pecyrillic 440:afii10082,ercyrillic 441" +
	":afii10083,escyrillic 442:afii10084,tecyrillic 443:afii10085,ucyrillic 444:afii10086,efcyrillic 445:afii10087,khacyrillic 446:afii10088,tsecyrillic 44" +
	"7:afii10089,checyrillic 448:afii10090,shacyrillic 449:afii10091,shchacyrillic 44A:afii10092,hardsigncyrillic 44B:afii10093,yericyrillic 44C:afii10094," +
	"softsigncyrillic 44D:afii10095,ereversedcyrillic 44E:afii10096,iucyrillic 44F:afii10097,iacyrillic 451:afii10071,iocyrillic 452:afii10099,djecyrillic " +
	"453:afii10100,gjecyrillic 454:afii10101,ecyrillic 455:afii10102,dzecyrillic 456:afii10103,icyrillic 457:afii10104,yicyrillic 458:afii10105,jecyrillic " +
	"459:afii10106,ljecyrillic 45A:afii10107,njecyrillic 45B:afii10108,tshecyrillic 45C:afii10109,kjecyrillic 45E:afii10110,ushortcyrillic 45F:afii10193,dz" +
	"hecyrillic 460:Omegacyrillic 461:omegacyrillic 462:Yatcyrillic,afii10146 463:afii10194,yatcyrillic 464:Eiotifiedcyrillic 465:eiotifiedcyrillic 466:Yus" +
	"littlecyrillic 467:yuslittlecyrillic 468:Yuslittleiotifiedcyrillic 469:yuslittleiotifiedcyrillic 46A:Yusbigcyrillic 46B:yusbigcyrillic 46C:Yusbigiotif" +
	"iedcyrillic 46D:yusbigiotifiedcyrillic 46E:Ksicyrillic 46F:ksicyrillic 470:Psicyrillic 471:psicyrillic 472:Fitacyrillic,afii10147 473:afii10195,fitacy" +
	"rillic 474:Izhitsacyrillic,afii10148 475:afii10196,izhitsacyrillic 476:Izhitsadblgravecyrillic 477:izhitsadblgravecyrillic 478:Ukcyrillic 479:ukcyrill" +
	"ic 47A:Omegaroundcyrillic 47B:omegaroundcyrillic 47C:Omegatitlocyrillic 47D:omegatitlocyrillic 47E:Otcyrillic 47F:otcyrillic 480:Koppacyrillic 481:kop" +
	"pacyrillic 482:thousandcyrillic 483:titlocyrilliccmb 484:palatalizationcyrilliccmb 485:dasiapneumatacyrilliccmb 486:psilipneumatacyrilliccmb 490:Gheup" +
	"turncyrillic,afii10050 491:afii10098,gheupturncyrillic 492:Ghestrokecyrillic 493:ghestrokecyrillic 494:Ghemiddlehookcyrillic 495:ghemiddlehookcyrillic" +
	" 496:Zhedescendercyrillic 497:zhedescendercyrillic 498:Zedescendercyrillic 499:zedescendercyrillic 49A:Kadescendercyrillic 49B:kadescendercyrillic 49C" +
	":Kaverticalstrokecyrillic 49D:kaverticalstrokecyrillic 49E:Kastrokecyrillic 49F:kastrokecyrillic 4A0:Kabashkircyrillic 4A1:kabashkircyrillic 4A2:Endes" +
	"cendercyrillic 4A3:endescendercyrillic 4A4:Enghecyrillic 4A5:enghecyrillic 4A6:Pemiddlehookcyrillic 4A7:pemiddlehookcyrillic 4A8:Haabkhasiancyrillic 4" +
	"A9:haabkhasiancyrillic 4AA:Esdescendercyrillic 4AB:esdescendercyrillic 4AC:Tedescendercyrillic 4AD:tedescendercyrillic 4AE:Ustraightcyrillic 4AF:ustra" +
	"ightcyrillic 4B0:Ustraightstrokecyrillic 4B1:ustraightstrokecyrillic 4B2:Hadescendercyrillic 4B3:hadescendercyrillic 4B4:Tetsecyrillic 4B5:tetsecyrill" +
	"ic 4B6:Chedescendercyrillic 4B7:chedescendercyrillic 4B8:Cheverticalstrokecyrillic 4B9:cheverticalstrokecyrillic 4BA:Shhacyrillic 4BB:shhacyrillic 4BC" +
	":Cheabkhasiancyrillic 4BD:cheabkhasiancyrillic 4BE:Chedescenderabkhasiancyrillic 4BF:chedescenderabkhasiancyrillic 4C0:palochkacyrillic 4C1:Zhebrevecy" +
	"rillic 4C2:zhebrevecyrillic 4C3:Kahookcyrillic 4C4:kahookcyrillic 4C7:Enhookcyrillic 4C8:enhookcyrillic 4CB:Chekhakassiancyrillic 4CC:chekhakassiancyr" +
	"illic 4D0:Abrevecyrillic 4D1:abrevecyrillic 4D2:Adieresiscyrillic 4D3:adieresiscyrillic 4D4:Aiecyrillic 4D5:aiecyrillic 4D6:Iebrevecyrillic 4D7:iebrev" +
	"ecyrillic 4D8:Schwacyrillic 4D9:afii10846,schwacyrillic 4DA:Schwadieresiscyrillic 4DB:schwadieresiscyrillic 4DC:Zhedieresiscyrillic 4DD:zhedieresiscyr" +
	"illic 4DE:Zedieresiscyrillic 4DF:zedieresiscyrillic 4E0:Dzeabkhasiancyrillic 4E1:dzeabkhasiancyrillic 4E2:Imacroncyrillic 4E3:imacroncyrillic 4E4:Idie" +
	"resiscyrillic 4E5:idieresiscyrillic 4E6:Odieresiscyrillic 4E7:odieresiscyrillic 4E8:Obarredcyrillic 4E9:obarredcyrillic 4EA:Obarreddieresiscyrillic 4E" +
	"B:obarreddieresiscyrillic 4EE:Umacroncyrillic 4EF:umacroncyrillic 4F0:Udieresiscyrillic 4F1:udieresiscyrillic 4F2:Uhungarumlautcyrillic 4F3:uhungaruml" +
	"autcyrillic 4F4:Chedieresiscyrillic 4F5:chedieresiscyrillic 4F8:Yerudieresiscyrillic 4F9:yerudieresiscyrillic 5B0:afii57799,sheva,sheva115,sheva15,she" +
	"va22,sheva2e,shevahebrew,shevanarrowhebrew,shevaquarterhebrew,shevawidehebrew 5B1:afii57801,hatafsegol,hatafsegol17,hatafsegol24,hatafsegol30,hatafseg" +
	"olhebrew,hatafsegolnarrowhebrew,hatafsegolquarterhebrew,hatafsegolwidehebrew 5B2:afii57800,hatafpatah,hatafpatah16,hatafpatah23,hatafpatah2f,hatafpata" +
	"hhebrew,hatafpatahnarrowhebrew,hatafpatahquarterhebrew,hatafpatahwidehebrew 5B3:afii57802,hatafqamats,hatafqamats1b,hatafqamats28,hatafqamats34,hatafq" +
	"amatshebrew,hatafqamatsnarrowhebrew,hatafqamatsquarterhebrew,hatafqamatswidehebrew 5B4:afii57793,hiriq,hiriq14,hiriq21,hiriq2d,hiriqhebrew,hiriqnarrow" +
	"hebrew,hiriqquarterhebrew,hiriqwidehebrew 5B5:afii57794,tsere,tsere12,tsere1e,tsere2b,tserehebrew,tserenarrowhebrew,tserequarterhebrew,tserewidehebrew" +
	" 5B6:afii57795,segol,segol13,segol1f,segol2c,segolhebrew,segolnarrowhebrew,segolquarterhebrew,segolwidehebrew 5B7:afii57798,patah,patah11,patah1d,pata" +
	"h2a,patahhebrew,patahnarrowhebrew,patahquarterhebrew,patahwidehebrew 5B8:afii57797,qamats,qamats10,qamats1a,qamats1c,qamats27,qamats29,qamats33,qamats" +
	"de,qamatshebrew,qamatsnarrowhebrew,qamatsqatanhebrew,qamatsqatannarrowhebrew,qamatsqatanquarterhebrew,qamatsqatanwidehebrew,qamatsquarterhebrew,qamats" +
	"widehebrew 5B9:afii57806,holam,holam19,holam26,holam32,holamhebrew,holamnarrowhebrew,holamquarterhebrew,holamwidehebrew 5BB:afii57796,qubuts,qubuts18," +
	"qubuts25,qubuts31,qubutshebrew,qubutsnarrowhebrew,qubutsquarterhebrew,qubutswidehebrew 5BC:afii57807,dagesh,dageshhebrew 5BD:afii57839,siluqhebrew,sil" +
	"uqlefthebrew 5BE:afii57645,maqafhebrew 5BF:afii57841,rafe,rafehebrew 5C0:afii57842,paseqhebrew 5C1:afii57804,shindothebrew 5C2:afii57803,sindothebrew " +
	"5C3:afii57658,sofpasuqhebrew 5C4:upperdothebrew 5D0:afii57664,alef,alefhebrew 5D1:afii57665,bet,bethebrew 5D2:afii57666,gimel,gimelhebrew 5D3:afii5766" +
	"7,dalet,dalethebrew 5D4:afii57668,he,hehebrew 5D5:afii57669,vav,vavhebrew 5D6:afii57670,zayin,zayinhebrew 5D7:afii57671,het,hethebrew 5D8:afii57672,te" +
	"t,tethebrew 5D9:afii57673,yod,yodhebrew 5DA:afii57674,finalkaf,finalkafhebrew 5DB:afii57675,kaf,kafhebrew 5DC:afii57676,lamed,lamedhebrew 5DD:afii5767" +
	"7,finalmem,finalmemhebrew 5DE:afii57678,mem,memhebrew 5DF:afii57679,finalnun,finalnunhebrew 5E0:afii57680,nun,nunhebrew 5E1:afii57681,samekh,samekhheb" +
	"rew 5E2:afii57682,ayin,ayinhebrew 5E3:afii57683,finalpe,finalpehebrew 5E4:afii57684,pe,pehebrew 5E5:afii57685,finaltsadi,finaltsadihebrew 5E6:afii5768" +
	"6,tsadi,tsadihebrew 5E7:afii57687,qof,qofhebrew 5E8:afii57688,resh,reshhebrew 5E9:afii57689,shin,shinhebrew 5EA:afii57690,tav,tavhebrew 5F0:afii57716," +
	"vavvavhebrew 5F1:afii57717,vavyodhebrew 5F2:afii57718,yodyodhebrew 5F3:gereshhebrew 5F4:gershayimhebrew 60C:afii57388,commaarabic 61B:afii57403,semico" +
	"lonarabic 61F:afii57407,questionarabic 621:afii57409,hamzaarabic,hamzalowarabic 622:afii57410,alefmaddaabovearabic 623:afii57411,alefhamzaabovearabic " +
	"624:afii57412,wawhamzaabovearabic 625:afii57413,alefhamzabelowarabic 626:afii57414,yehhamzaabovearabic 627:afii57415,alefarabic 628:afii57416,beharabi" +
	"c 629:afii57417,tehmarbutaarabic 62A:afii57418,teharabic 62B:afii57419,theharabic 62C:afii57420,jeemarabic 62D:afii57421,haharabic 62E:afii57422,khaha" +
	"rabic 62F:afii57423,dalarabic 630:afii57424,thalarabic 631:afii57425,reharabic 632:afii57426,zainarabic 633:afii57427,seenarabic 634:afii57428,sheenar" +
	"abic 635:afii57429,sadarabic 636:afii57430,dadarabic 637:afii57431,taharabic 638:afii57432,zaharabic 639:afii57433,ainarabic 63A:afii57434,ghainarabic" +
	" 640:afii57440,kashidaautoarabic,kashidaautonosidebearingarabic,tatweelarabic 641:afii57441,feharabic 642:afii57442,qafarabic 643:afii57443,kafarabic " +
	"644:afii57444,lamarabic 645:afii57445,meemarabic 646:afii57446,noonarabic 647:afii57470,heharabic 648:afii57448,wawarabic 649:afii57449,alefmaksuraara" +
	"bic 64A:afii57450,yeharabic 64B:afii57451,fathatanarabic 64C:afii57452,dammatanaltonearabic,dammatanarabic 64D:afii57453,kasratanarabic 64E:afii57454," +
	"fathaarabic,fathalowarabic 64F:afii57455,dammaarabic,dammalowarabic 650:afii57456,kasraarabic 651:afii57457,shaddaarabic 652:afii57458,sukunarabic 660" +
	":afii57392,zeroarabic,zerohackarabic 661:afii57393,onearabic,onehackarabic 662:afii57394,twoarabic,twohackarabic 663:afii57395,threearabic,threehackar" +
	"abic 664:afii57396,fourarabic,fourhackarabic 665:afii57397,fivearabic,fivehackarabic 666:afii57398,sixarabic,sixhackarabic 667:afii57399,sevenarabic,s" +
	"evenhackarabic 668:afii57400,eightarabic,eighthackarabic 669:afii57401,ninearabic,ninehackarabic 66A:afii57381,percentarabic 66B:decimalseparatorarabi" +
	"c,decimalseparatorpersian 66C:thousandsseparatorarabic,thousandsseparatorpersian 66D:afii63167,asteriskaltonearabic,asteriskarabic 679:afii57511,tteha" +
	"rabic 67E:afii57506,peharabic 686:afii57507,tcheharabic 688:afii57512,ddalarabic 691:afii57513,rreharabic 698:afii57508,jeharabic 6A4:afii57505,vehara" +
	"bic 6AF:afii57509,gafarabic 6BA:afii57514,noonghunnaarabic 6C1:haaltonearabic,hehaltonearabic 6D1:yehthreedotsbelowarabic 6D2:afii57519,yehbarreearabi" +
	"c 6D5:afii57534 6F0:zeropersian 6F1:onepersian 6F2:twopersian 6F3:threepersian 6F4:fourpersian 6F5:fivepersian 6F6:sixpersian 6F7:sevenpersian 6F8:eig" +
	"htpersian 6F9:ninepersian 1E00:Aringbelow 1E01:aringbelow 1E06:Blinebelow 1E07:blinebelow 1E08:Ccedillaacute 1E09:ccedillaacute 1E0E:Dlinebelow 1E0F:d" +
	"linebelow 1E12:Dcircumflexbelow 1E13:dcircumflexbelow 1E14:Emacrongrave 1E15:emacrongrave 1E16:Emacronacute 1E17:emacronacute 1E18:Ecircumflexbelow 1E" +
	"19:ecircumflexbelow 1E1A:Etildebelow 1E1B:etildebelow 1E1C:Ecedillabreve 1E1D:ecedillabreve 1E2A:Hbrevebelow 1E2B:hbrevebelow 1E2C:Itildebelow 1E2D:it" +
	"ildebelow 1E2E:Idieresisacute 1E2F:idieresisacute 1E34:Klinebelow 1E35:klinebelow 1E38:Ldotbelowmacron 1E39:ldotbelowmacron 1E3A:Llinebelow 1E3B:lline" +
	"below 1E3C:Lcircumflexbelow 1E3D:lcircumflexbelow 1E48:Nlinebelow 1E49:nlinebelow 1E4A:Ncircumflexbelow 1E4B:ncircumflexbelow 1E4C:Otildeacute 1E4D:ot" +
	"ildeacute 1E4E:Otildedieresis 1E4F:otildedieresis 1E50:Omacrongrave 1E51:omacrongrave 1E52:Omacronacute 1E53:omacronacute 1E5C:Rdotbelowmacron 1E5D:rd" +
	"otbelowmacron 1E5E:Rlinebelow 1E5F:rlinebelow 1E64:Sacutedotaccent 1E65:sacutedotaccent 1E66:Scarondotaccent 1E67:scarondotaccent 1E68:Sdotbelowdotacc" +
	"ent 1E69:sdotbelowdotaccent 1E6E:Tlinebelow 1E6F:tlinebelow 1E70:Tcircumflexbelow 1E71:tcircumflexbelow 1E72:Udieresisbelow 1E73:udieresisbelow 1E74:U" +
	"tildebelow 1E75:utildebelow 1E76:Ucircumflexbelow 1E77:ucircumflexbelow 1E78:Utildeacute 1E79:utildeacute 1E7A:Umacrondieresis 1E7B:umacrondieresis 1E" +
	"94:Zlinebelow 1E95:zlinebelow 1E96:hlinebelow 1E9A:arighthalfring 1E9B:slongdotaccent 1EA4:Acircumflexacute 1EA5:acircumflexacute 1EA6:Acircumflexgrav" +
	"e 1EA7:acircumflexgrave 1EA8:Acircumflexhookabove 1EA9:acircumflexhookabove 1EAA:Acircumflextilde 1EAB:acircumflextilde 1EAC:Acircumflexdotbelow 1EAD:" +
	"acircumflexdotbelow 1EAE:Abreveacute 1EAF:abreveacute 1EB0:Abrevegrave 1EB1:abrevegrave 1EB2:Abrevehookabove 1EB3:abrevehookabove 1EB4:Abrevetilde 1EB" +
	"5:abrevetilde 1EB6:Abrevedotbelow 1EB7:abrevedotbelow 1EBE:Ecircumflexacute 1EBF:ecircumflexacute 1EC0:Ecircumflexgrave 1EC1:ecircumflexgrave 1EC2:Eci" +
	"rcumflexhookabove 1EC3:ecircumflexhookabove 1EC4:Ecircumflextilde 1EC5:ecircumflextilde 1EC6:Ecircumflexdotbelow 1EC7:ecircumflexdotbelow 1ED0:Ocircum" +
	"flexacute 1ED1:ocircumflexacute 1ED2:Ocircumflexgrave 1ED3:ocircumflexgrave 1ED4:Ocircumflexhookabove 1ED5:ocircumflexhookabove 1ED6:Ocircumflextilde " +
	"1ED7:ocircumflextilde 1ED8:Ocircumflexdotbelow 1ED9:ocircumflexdotbelow 1EDA:Ohornacute 1EDB:ohornacute 1EDC:Ohorngrave 1EDD:ohorngrave 1EDE:Ohornhook" +
	"above 1EDF:ohornhookabove 1EE0:Ohorntilde 1EE1:ohorntilde 1EE2:Ohorndotbelow 1EE3:ohorndotbelow 1EE8:Uhornacute 1EE9:uhornacute 1EEA:Uhorngrave 1EEB:u" +
	"horngrave 1EEC:Uhornhookabove 1EED:uhornhookabove 1EEE:Uhorntilde 1EEF:uhorntilde 1EF0:Uhorndotbelow 1EF1:uhorndotbelow 2002:enspace 200B:zerowidthspa" +
	"ce 200C:afii61664,zerowidthnonjoiner 200D:afii301 200E:afii299 200F:afii300 2010:hyphentwo 2012:figuredash 2013:endash 2014:emdash 2015:afii00208,hori" +
	"zontalbar 2016:dblverticalbar 2017:dbllowline,underscoredbl 2018:quoteleft 2019:quoteright 201A:quotesinglbase 201B:quoteleftreversed,quotereversed 20" +
	"1C:quotedblleft 201D:quotedblright 201E:quotedblbase 2020:dagger 2021:daggerdbl 2022:bullet 2024:onedotenleader 2025:twodotenleader,twodotleader 2026:" +
	"ellipsis 202C:afii61573 202D:afii61574 202E:afii61575 2030:perthousand 2032:minute 2033:second 2035:primereversed 2039:guilsinglleft 203A:guilsinglrig" +
	"ht 203B:referencemark 203C:exclamdbl 203E:overline 2042:asterism 2044:fraction 2070:zerosuperior 2074:foursuperior 2075:fivesuperior 2076:sixsuperior " +
	"2077:sevensuperior 2078:eightsuperior 2079:ninesuperior 207A:plussuperior 207C:equalsuperior 207D:parenleftsuperior 207E:parenrightsuperior 207F:nsupe" +
	"rior 2080:zeroinferior 2081:oneinferior 2082:twoinferior 2083:threeinferior 2084:fourinferior 2085:fiveinferior 2086:sixinferior 2087:seveninferior 20" +
	"88:eightinferior 2089:nineinferior 208D:parenleftinferior 208E:parenrightinferior 20A1:colonmonetary,colonsign 20A2:cruzeiro 20A3:franc 20A4:afii08941" +
	",lira 20A7:peseta 20A9:won 20AA:afii57636,newsheqelsign,sheqel,sheqelhebrew 20AB:dong 20AC:Euro,euro 2103:centigrade 2105:afii61248,careof 2109:fahren" +
	"heit 2111:Ifraktur 2113:afii61289,lsquare 2116:afii61352,numero 2118:weierstrass 211C:Rfraktur 211E:prescription 2121:telephone 2122:trademark 2126:Oh" +
	"m,Omega 212B:angstrom 212E:estimated 2135:aleph 2153:onethird 2154:twothirds 215B:oneeighth 215C:threeeighths 215D:fiveeighths 215E:seveneighths 2160:" +
	"Oneroman 2161:Tworoman 2162:Threeroman 2163:Fourroman 2164:Fiveroman 2165:Sixroman 2166:Sevenroman 2167:Eightroman 2168:Nineroman 2169:Tenroman 216A:E" +
	"levenroman 216B:Twelveroman 2170:oneroman 2171:tworoman 2172:threeroman 2173:fourroman 2174:fiveroman 2175:sixroman 2176:sevenroman 2177:eightroman 21" +
	"78:nineroman 2179:tenroman 217A:elevenroman 217B:twelveroman 2190:arrowleft 2191:arrowup 2192:arrowright 2193:arrowdown 2194:arrowboth 2195:arrowupdn " +
	"2196:arrowupleft 2197:arrowupright 2198:arrowdownright 2199:arrowdownleft 21A8:arrowupdnbse 21B5:carriagereturn 21D0:arrowdblleft,arrowleftdbl 21D1:ar" +
	"rowdblup 21D2:arrowdblright,dblarrowright 21D3:arrowdbldown 21D4:arrowdblboth,dblarrowleft 21DE:pageup 21DF:pagedown 21E0:arrowdashleft 21E1:arrowdash" +
	"up 21E2:arrowdashright 21E3:arrowdashdown 21E4:arrowtableft 21E5:arrowtabright 21E6:arrowleftwhite 21E7:arrowupwhite 21E9:arrowdownwhite 21EA:capslock" +
	" 2200:forall,universal 2202:partialdiff 2203:existential,thereexists 2205:emptyset 2206:Delta,increment 2207:gradient,nabla 2208:element 2209:noteleme" +
	"nt,notelementof 220B:suchthat 220C:notcontains 220F:product 2211:summation 2212:minus 2213:minusplus 2215:divisionslash 2217:asteriskmath 2219:bulleto" +
	"perator 221A:radical 221D:proportional 221E:infinity 221F:orthogonal,rightangle 2220:angle 2223:divides 2225:parallel 2226:notparallel 2227:logicaland" +
	" 2228:logicalor 2229:intersection 222A:union 222B:integral 222C:dblintegral 2234:therefore 2235:because 2236:ratio 2237:proportion 223C:similar,tildeo" +
	"perator 223D:reversedtilde 2245:congruent 2248:approxequal 224C:allequal 2250:approaches 2260:notequal 2261:equivalence 2262:notidentical 2264:lessequ" +
	"al 2265:greaterequal 2266:lessoverequal 226A:muchless 226B:muchgreater 226E:notless 226F:notgreater 25A0:blacksquare,filledbox 25CA:lozenge 25CB:circl" +
	"e,whitecircle 25CF:H18533,blackcircle 2713:checkmark FB00:ff FB01:fi FB02:fl FB03:ffi FB04:ffl"

// The encodings of ISO 32000-1, annex D, one character for each code from 32 on;
// U+FFFD: none. Zapf Dingbats is approximated.
const (
	pdfStandard = "" +
		" !\"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[" +
		"\\]^_‘abcdefghijklmnopqrstuvwxyz{|}~�������������������������" +
		"���������¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ�–†‡·�¶•‚„”»…‰�¿�`´ˆ˜¯˘˙¨�˚¸�˝˛ˇ—���" +
		"�������������Æ�ª����ŁØŒº�����æ���ı��łøœß"
	pdfWinAnsi = "" +
		" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[" +
		"\\]^_`abcdefghijklmnopqrstuvwxyz{|}~•€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—" +
		"˜™š›œ•žŸ ¡¢£¤¥¦§¨©ª«¬-®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓ" +
		"ÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
	pdfMacRoman = "" +
		" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[" +
		"\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\u007fÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñó" +
		"òôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»… ÀÃÕŒœ–—“”" +
		"‘’÷◊ÿŸ⁄¤‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ"
	pdfMacExpert = "" +
		" \uf721\uf6f8\uf7a2\uf724\uf6e4\uf726\uf7b4⁽⁾‥․,-.⁄\uf730\uf731\uf732\uf733\uf734\uf735\uf736\uf737\uf738\uf739:;�\uf6de�\uf73f����\uf7f0��¼½¾⅛⅜⅝⅞⅓⅔������ﬀﬁﬂﬃﬄ₍" +
		"�₎\uf6f6\uf6e5\uf760\uf761\uf762\uf763\uf764\uf765\uf766\uf767\uf768\uf769\uf76a\uf76b\uf76c\uf76d\uf76e\uf76f\uf770\uf771\uf772\uf773\uf774\uf775\uf776\uf777\uf778\uf779\uf77a₡\uf6dc\uf6dd\uf6fe��\uf6e9\uf6e0����\uf7e1\uf7e0\uf7e2\uf7e4\uf7e3\uf7e5\uf7e7\uf7e9\uf7e8\uf7ea\uf7eb\uf7ed\uf7ec\uf7ee\uf7ef\uf7f1\uf7f3" +
		"\uf7f2\uf7f4\uf7f6\uf7f5\uf7fa\uf7f9\uf7fb\uf7fc�⁸₄₃₆₈₇\uf6fd�\uf6df₂�\uf7a8�\uf6f5\uf6f0₅�\uf6e1\uf6e7\uf7fd�\uf6e3��\uf7fe�₉₀\uf6ff\uf7e6\uf7f8\uf7bf₁\uf6f9������\uf7b8�����\uf6fa‒\uf6e6��" +
		"��\uf7a1�\uf7ff�¹²³⁴⁵⁶⁷⁹⁰�\uf6ec\uf6f1\uf6f3��\uf6ed\uf6f2\uf6eb�����\uf6ee\uf6fb\uf6f4\uf7af\uf6eaⁿ\uf6ef\uf6e2\uf6e8\uf6f7\uf6fc"
	pdfSymbol = "" +
		" !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[" +
		"∴]⊥_\uf8e5αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼�������������������������" +
		"��������€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…\uf8e6\uf8e7↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇\uf6da\uf6d9" +
		"\uf6db∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈\uf8e8\uf8e9\uf8ea∑\uf8eb\uf8ec\uf8ed\uf8ee\uf8ef\uf8f0\uf8f1\uf8f2\uf8f3\uf8f4�〉∫⌠\uf8f5⌡\uf8f6\uf8f7\uf8f8\uf8f9\uf8fa\uf8fb\uf8fc\uf8fd\uf8fe"
	pdfDingbats = "" +
		" "
	pdfDoc = "" +
		"˘ˇˆ˙˝˛˚˜ !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRS" +
		"TUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~�•†‡…—–ƒ⁄‹›−‰„“”‘" +
		"’‚™ﬁﬂŁŒŠŸŽıłœšž�€¡¢£¤¥¦§¨©ª«¬�®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊË" +
		"ÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
)

// The widths of two of the standard fonts by WinAnsi code from 32 on, in
// thousandths; all others are near enough to them to tell where words end.
var (
	pdfHelvetica = [...]uint16{
		278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278,
		584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944,
		667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
		278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584, 350, 556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350,
		350, 222, 222, 333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 260, 556, 333, 737, 370, 556,
		584, 333, 737, 333, 400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667, 667, 667, 667, 667, 667, 1000, 722,
		667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584, 778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556,
		556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278, 278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
	}
	pdfTimes = [...]uint16{
		250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278,
		564, 564, 564, 444, 921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944,
		722, 722, 611, 333, 278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500, 500, 500, 333, 389,
		278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541, 350, 500, 350, 333, 500, 444, 1000, 500, 500, 333, 1000, 556, 333, 889, 350, 611, 350,
		350, 333, 333, 444, 444, 350, 500, 1000, 333, 980, 389, 333, 722, 350, 444, 722, 250, 333, 500, 500, 500, 500, 200, 500, 333, 760, 276, 500,
		564, 333, 760, 333, 400, 564, 300, 300, 333, 500, 453, 250, 333, 300, 310, 500, 750, 750, 750, 444, 722, 722, 722, 722, 722, 722, 889, 667,
		611, 611, 611, 611, 333, 333, 333, 333, 722, 722, 722, 722, 722, 722, 722, 564, 722, 722, 722, 722, 722, 722, 556, 500, 444, 444, 444, 444,
		444, 444, 667, 444, 444, 444, 444, 444, 278, 278, 278, 278, 500, 500, 500, 500, 500, 500, 500, 564, 500, 500, 500, 500, 500, 500, 500, 500,
	}
)
