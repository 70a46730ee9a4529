/**
 * What a page does beyond what it shows without it: the crosshair of the strips, by pointer and keys, and the slider of a price list. Every figure is in
 * the page already.
 */
export const script = `(()=>{
const init=root=>{
for(const e of root.querySelectorAll(".js"))e.style.display="revert";
for(const box of root.querySelectorAll("[data-strips]")){
const rows=[...document.querySelectorAll("#"+box.dataset.strips+" tbody tr")],heads=[...document.querySelectorAll("#"+box.dataset.strips+" thead th")].map(h=>h.textContent),out=document.getElementById(box.dataset.readout),n=rows.length;
let at=+box.dataset.at;
const show=i=>{at=Math.max(0,Math.min(n-1,i));
for(const c of box.querySelectorAll(".cross")){c.setAttribute("x",at);}
out.textContent="";[...rows[at].cells].forEach((cell,j)=>{const s=document.createElement("span"),b=document.createElement("b");b.textContent=cell.textContent;if(j>0&&!cell.textContent)return;if(j>1)s.append(heads[j]+" ");s.append(b);out.append(s);});
box.dataset.moved=at;};
if(box.dataset.moved)show(+box.dataset.moved);
const place=e=>{const r=box.querySelector(".strip svg").getBoundingClientRect();if(e.clientX>=r.left&&e.clientX<r.right)show(Math.floor((e.clientX-r.left)/r.width*n));};
box.addEventListener("pointermove",place);box.addEventListener("pointerdown",place);
box.addEventListener("keydown",e=>{const d={ArrowRight:1,ArrowLeft:-1,Home:-1e9,End:1e9}[e.key];if(d){show(at+d);e.preventDefault();}});
}
for(const box of root.querySelectorAll("[data-prices]")){
const slider=box.querySelector("input"),rows=[...document.querySelectorAll("#"+box.dataset.prices+" tbody tr")],heads=[...document.querySelectorAll("#"+box.dataset.prices+" thead th")].map(h=>h.textContent),dot=box.querySelector(".now"),out=box.querySelector("output"),big=box.querySelector(".big"),list=box.querySelector(".costs tbody");
const nets=slider.dataset.channels.split("|"),shape=box.querySelector("[data-shape]"),says=shape.nextElementSibling;
const draw=(net,widths)=>{const ch=net.split(" ").map(Number),most=Math.log(ch.reduce((a,b)=>a>b?a:b)+1);
shape.setAttribute("viewBox","0 0 "+ch.length+" 100");shape.firstElementChild.setAttribute("d",ch.map((w,i)=>{const h=50*Math.log(w+1)/most;return "M"+(i+.05)+" "+(50-h).toFixed(1)+"h.9V"+(50+h).toFixed(1)+"h-.9z";}).join(""));
says.textContent=ch.length+" convs, widths "+widths.split(" ").join(" · ");};
const where=big.nextElementSibling,own=slider.value,said=where.textContent;
const first=[...list.rows].map(r=>r.cells[1].textContent);
slider.addEventListener("input",()=>{const c=[...rows[slider.value].cells].map(x=>x.textContent);
out.textContent=c[0];slider.setAttribute("aria-valuetext",c[0]);big.textContent=c[1];where.textContent=slider.value===own?said:"the optimum at "+c[0];
[...list.rows].forEach((r,i)=>{r.cells[1].textContent=c[i+2];r.cells[2].textContent=c[i+2]===first[i]?"same":"was "+first[i];});
draw(nets[slider.value],c[c.length-2]);
const d=dot.dataset.points.split(" ")[slider.value].split(",");dot.setAttribute("cx",d[0]+"%");dot.setAttribute("cy",d[1]);});
}
};
init(document);document.addEventListener("qes-new",e=>init(e.target));
})();`;
