import { palette } from "./palette.ts";

const colours = Object.entries(palette)
  .map(([name, [light, dark]]) => `--${name}:light-dark(${light},${dark})`)
  .join(";");

/** The page's style, all of it. */
export const style = `:root{color-scheme:light dark;${colours}}
@media(prefers-color-scheme:dark){:root:has(#theme:checked){color-scheme:light}}
@media(prefers-color-scheme:light){:root:has(#theme:checked){color-scheme:dark}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Inter,Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.wrap{max-width:1180px;margin:0 auto;padding:0 20px 48px}
.top{display:flex;flex-wrap:wrap;gap:4px 18px;align-items:center;padding:16px 0;font-size:13px}
.top b{overflow-wrap:anywhere}
.top nav{display:flex;flex-wrap:wrap;gap:4px 14px;margin-left:auto}
a{color:var(--first)}
.top a{color:var(--quiet);text-decoration:none;padding:3px 0}
.top a:hover{text-decoration:underline}
.theme{display:inline-flex;gap:6px;align-items:center;color:var(--quiet);border:1px solid var(--rule);border-radius:6px;padding:2px 8px}
#live-state+.theme{margin-left:auto}
.quiet,.lead,.caption{color:var(--quiet)}
.verdict{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:24px 40px;margin:20px 0 28px;align-items:end}
.verdict>*,.two>*{min-width:0}
h1{font-size:32px;line-height:1.15;letter-spacing:-.02em;margin:2px 0 8px;overflow-wrap:anywhere}
h1 em{font-style:normal;color:var(--good)}h1 em.far{color:inherit}
h2{font-size:22px;line-height:1.25;letter-spacing:-.015em;margin:0 0 6px;overflow-wrap:anywhere}
h3{font-size:14px;margin:0 0 8px}.part{margin-top:22px}
p{margin:0 0 10px;overflow-wrap:anywhere}
.use{display:grid;grid-template-columns:auto auto minmax(60px,1fr) auto;gap:8px 14px;align-items:center;margin:0;font-size:13.5px}
.use dt{white-space:nowrap}.use dd{margin:0;text-align:right}.use dd b{white-space:nowrap}.use .of{text-align:left;color:var(--quiet);white-space:nowrap}
.card{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:22px 26px;margin:0 0 22px}
.two{display:grid;grid-template-columns:minmax(0,1.7fr) minmax(0,1fr);gap:28px 40px}
.two.even{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.plot{display:grid;grid-template-columns:64px minmax(0,1fr)}
.plot>.x,.plot>.caption{grid-column:2}
.caption{text-align:center;font-size:13px}
svg{display:block;overflow:visible}
svg svg{overflow:hidden}
text{font-size:12.5px;fill:var(--quiet)}
text.m{text-anchor:middle}text.e{text-anchor:end}
text.b{font-weight:600;fill:var(--ink)}
.narrow,.desk{display:none}
@media(min-width:1001px){.desk{display:inline}.mid{display:none}}
path,line{fill:none;vector-effect:non-scaling-stroke}
.grid{stroke:var(--rule);stroke-width:1}
.l-a{stroke:var(--first);stroke-width:2.5}.l-b{stroke:var(--second);stroke-width:1.5}.l-c{stroke:var(--limit);stroke-width:2;stroke-dasharray:6 4}
.l-q{stroke:var(--quiet);stroke-width:1.2}.l-limit{stroke:var(--limit);stroke-width:1.5;stroke-dasharray:4 3}.l-thin{stroke:var(--second);stroke-width:.8;opacity:.75}.l-mid{stroke:var(--first);stroke-width:.9;opacity:.6}.l-t{stroke:var(--third);stroke-width:2.5}
.a{fill:var(--first)}.b2{fill:var(--second)}.c{fill:var(--third)}.soft{fill:var(--soft)}.bad{fill:var(--bad)}.good{fill:var(--good)}.dot{fill:var(--first);stroke:var(--card);stroke-width:1.5}.now{fill:var(--card);stroke:var(--ink);stroke-width:2.5}
.q{fill:var(--quiet)}.seen{fill:var(--second);opacity:.6}.s0{opacity:.2}.s1{opacity:.38}
.cross{fill:var(--ink);opacity:.14}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 0 0;padding:0;font-size:13px;color:var(--quiet)}
.legend li{display:flex;gap:6px;align-items:center}
.legend b{color:var(--ink)}.legend .l-thin{opacity:.8;stroke-width:1}.legend .l-mid{opacity:1;stroke-width:1.6}.legend+.legend{margin-top:4px}.legend+p{margin-top:8px}
.axes{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);font-size:12.5px;line-height:1.3;color:var(--quiet);text-align:center}
.axes.above{align-items:end;margin-bottom:4px}.axes.below{margin:4px 0 10px}.axes b{display:block;font-weight:500;color:var(--ink)}
.strips{display:grid;grid-template-columns:132px minmax(0,1fr);gap:0 8px;outline-offset:4px}
.strips>div{border-top:1px solid var(--rule);padding:6px 0}
.strips>.head{border:0}
.strips h3{margin:0;line-height:1.3}.strips p{margin:0;font-size:12.5px;color:var(--quiet);line-height:1.35}
.bits text{font-size:11.5px;fill:var(--ink);font-weight:600}.bits text.w{fill:var(--card)}
.b1{fill:var(--second);opacity:.35}.b3{fill:var(--second);opacity:.6}
.readout{background:var(--soft);border-radius:8px;padding:8px 14px;margin:0 0 12px;font-size:13.5px;display:flex;flex-wrap:wrap;gap:2px 18px;min-height:38px}
.readout span{color:var(--quiet)}.readout span b{color:var(--ink);font-weight:500}
.scroll{overflow-x:auto;margin:8px -4px 0;padding:0 4px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:5px 10px 5px 0;text-align:left;border-top:1px solid var(--rule);white-space:nowrap}
th{font-weight:500;color:var(--quiet);border:0}
.costs th{border-top:1px solid var(--rule)}
.n{text-align:right}
.spark{width:110px}td .meter{width:84px;display:inline-block;vertical-align:middle}
.group th{color:var(--ink);font-weight:600;padding-top:16px;white-space:normal;overflow-wrap:anywhere}.group th div{position:sticky;left:0;max-width:min(1076px,calc(100vw - 92px))}
.uses{display:flex;flex-wrap:wrap;gap:0 14px;min-width:312px}.uses span{flex:0 0 auto;min-width:138px}.uses .meter{width:40px;margin-right:6px}
tr.own td:first-child{box-shadow:inset 3px 0 var(--first);padding-left:9px;font-weight:600}
.pill{border-radius:6px;padding:1px 8px;font-weight:600;font-size:12.5px;color:var(--good);background:color-mix(in srgb,var(--good) 9%,var(--card))}
.pill.no{color:var(--bad);background:color-mix(in srgb,var(--bad) 7%,var(--card))}
details{margin-top:14px}summary{cursor:pointer;color:var(--quiet);padding:3px 0}
.big{font-size:32px;font-weight:700;letter-spacing:-.02em;line-height:1.2;margin:0}
input[type=range]{width:100%;accent-color:var(--first);height:28px;margin:0}
.what{padding-left:64px}.what label{display:flex;justify-content:space-between;font-size:13px;color:var(--quiet)}
.moved{margin-bottom:14px}.moved label{display:flex;justify-content:space-between;font-size:13px;color:var(--quiet)}[aria-busy=true]::after{content:"…";color:var(--quiet)}
.js{display:none}
footer{color:var(--quiet);font-size:12.5px;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--first);outline-offset:2px}
@media(max-width:900px){.verdict{grid-template-columns:minmax(0,1fr)}}
@media(max-width:760px){.wrap{padding:0 12px 32px}.card{padding:16px 14px}.verdict,.two,.two.even{grid-template-columns:minmax(0,1fr)}.strips{grid-template-columns:minmax(0,1fr)}.strips>.label{border-top:1px solid var(--rule);padding-bottom:0}.strips>.strip{border:0;padding-top:2px}.strips>.head.label{display:none}.wide{display:none}.narrow{display:inline}.bits text{display:none}h1{font-size:27px}h2{font-size:19px}.top nav{margin-left:0}#devices td:first-child{white-space:normal;min-width:104px}.group th div{max-width:calc(100vw - 56px)}.axes span{writing-mode:vertical-rl;transform:rotate(180deg);justify-self:center;text-align:left;white-space:nowrap}.axes.above{align-items:end}.axes.below span{text-align:right}.axes b{display:inline}.use{grid-template-columns:auto auto minmax(30px,1fr);gap:6px 10px}.use .share{grid-column:1/-1;margin-top:-6px;text-align:right}.use .share:empty{display:none}}
@media print{body{background:#fff}.card{break-inside:avoid;border-color:#bbb}.top nav,.theme,.what{display:none}}
`;
