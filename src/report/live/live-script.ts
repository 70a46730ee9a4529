/**
 * Takes what the server says: parts of the page by their ids, in the place of those that are there. Asks it for the optimum where the sliders are: one question
 * at a time, and the latest next.
 */
export const liveScript = `(()=>{
const parsed=html=>{const t=document.createElement("template");t.innerHTML=html;return t.content;};
const sliders=root=>{for(const box of root.querySelectorAll("[data-what-if]")){
const inputs=[...box.querySelectorAll("input")],answer=box.querySelector("#what-if-answer");let busy=false,again=false;
const ask=async()=>{if(busy){again=true;return;}
busy=true;again=false;answer.setAttribute("aria-busy","true");
try{const said=await fetch("what-if?"+new URLSearchParams(inputs.map(i=>[i.dataset.budget,i.dataset.values.split(" ")[i.value]])));
if(said.status===204){again=true;await new Promise(go=>setTimeout(go,400));}
else answer.replaceChildren(said.ok?parsed(await said.text()):"No answer: reload the page.");
}catch{answer.textContent="Not connected.";}
busy=false;answer.removeAttribute("aria-busy");if(again&&box.isConnected)ask();};
for(const i of inputs)i.addEventListener("input",()=>{const text=i.dataset.texts.split("|")[i.value];box.querySelector("label[for="+i.id+"] output").textContent=text;i.setAttribute("aria-valuetext",text);ask();});
ask();}};
const what=e=>e.querySelector("[data-what-if]")?.dataset.whatIf;
const state=document.getElementById("live-state"),source=new EventSource("events");
let moved,focused=false;
source.onmessage=m=>{const parts=JSON.parse(m.data);
for(const [id,html] of Object.entries(parts)){const old=document.getElementById(id);if(!old)continue;
const fresh=parsed(html).firstElementChild;
if(what(old)!==undefined&&what(old)===what(fresh))continue;
for(const d of old.querySelectorAll("details[open]"))for(const e of fresh.querySelectorAll("details"))e.open=true;
const was=old.querySelector("[data-strips]"),strips=fresh.querySelector("[data-strips]");
if(was){moved=was.dataset.moved;focused=was===document.activeElement;}
if(strips&&moved)strips.dataset.moved=moved;
old.replaceWith(fresh);
if(strips&&focused&&document.activeElement===document.body)strips.focus();
fresh.dispatchEvent(new Event("qes-new",{bubbles:true}));}
state.textContent="live";};
source.onerror=()=>{state.textContent="not connected";};
sliders(document);document.addEventListener("qes-new",e=>sliders(e.target));
})();`;
