/** Takes what the server says: parts of the page by their ids, in the place of those that are there. */
export const liveScript = `(()=>{
const state=document.getElementById("live-state"),source=new EventSource("events");
source.onmessage=m=>{const parts=JSON.parse(m.data);
for(const [id,html] of Object.entries(parts)){const old=document.getElementById(id);if(!old)continue;
const t=document.createElement("template");t.innerHTML=html;const fresh=t.content.firstElementChild;
for(const d of old.querySelectorAll("details[open]"))for(const e of fresh.querySelectorAll("details"))e.open=true;
old.replaceWith(fresh);fresh.dispatchEvent(new Event("qes-new",{bubbles:true}));}
state.textContent="live";};
source.onerror=()=>{state.textContent="not connected";};
})();`;
