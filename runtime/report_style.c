/* report_style.c - the style sheet of NAME.html.
 *
 * Holds: text has a contrast of at least 4.5 in light and dark; nothing is wider than the window
 *        from 360 pixels on: tables of many columns become lists there.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_plot.h"
#include "rt_report.h"

static const char page[] =
	"*{box-sizing:border-box}\n"
	"html{color-scheme:light dark;-webkit-text-size-adjust:100%}\n"
	"body{margin:0;background:var(--paper);color:var(--ink);"
	"font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;"
	"font-variant-numeric:tabular-nums;overflow-wrap:anywhere}\n"
	"header,main,footer{max-width:1080px;margin:0 auto;padding:0 20px}\n"
	"header{padding-top:44px}\n"
	"h1{font-size:30px;line-height:1.2;margin:0;font-weight:650;letter-spacing:-.01em}\n"
	"h2{font-size:19px;line-height:1.3;margin:0 0 14px;font-weight:620}\n"
	"h3{font-size:15px;margin:26px 0 8px;font-weight:620}\n"
	"p{margin:0 0 12px;max-width:70ch}\n"
	".soft,caption,figcaption,footer{color:var(--soft)}\n"
	".lead{color:var(--soft);margin:6px 0 0}\n"
	"section{margin:0;padding:34px 0 10px}\n"
	"section+section{border-top:1px solid var(--line)}\n"
	"footer{font-size:13px;border-top:1px solid var(--line);padding:18px 20px 48px}\n"
	"footer p{max-width:none;margin:0 0 4px}\n"
	"code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\n";

static const char parts[] =
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(138px,1fr));gap:12px;"
	"margin:26px 0 8px}\n"
	".tiles div{border:1px solid var(--line);border-radius:8px;padding:12px 14px;"
	"background:var(--card)}\n"
	".tiles dt{font-size:13px;color:var(--soft)}\n"
	".tiles dd{margin:2px 0 0;font-size:24px;line-height:1.25;font-weight:600}\n"
	".tiles dd small{display:block;font-size:13px;font-weight:400;color:var(--soft)}\n"
	".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));"
	"gap:8px 28px}\n"
	"figure{margin:0 0 14px;min-width:0}\n"
	"figure svg{display:block;width:100%;height:auto;max-width:560px}\n"
	".pair svg{margin-left:-10px;width:calc(100% + 10px)}\n"
	"figure.wide{margin-top:22px}figure.wide svg{max-width:none}\n"
	"figcaption{font-size:14px;margin-top:4px}\n"
	"table{border-collapse:collapse;width:100%;font-size:14px}\n"
	"caption{text-align:left;font-size:14px;padding-bottom:8px}\n"
	"th,td{padding:6px 10px 6px 0;text-align:right;vertical-align:baseline;"
	"border-bottom:1px solid var(--line)}\n"
	"th{font-weight:600}thead th{color:var(--soft);font-weight:500;border-color:var(--soft)}\n"
	"th.l,td.l{text-align:left}td.w{overflow-wrap:anywhere}\n"
	"tr>:last-child{padding-right:0}tbody tr:last-child>*{border-bottom:0}\n"
	"data{white-space:nowrap}\n"
	"details{margin-top:6px}summary{cursor:pointer;padding:6px 0}\n"
	"details table{font-size:13px}\n";

static const char tables[] =
	".narrow{max-width:640px}\n"
	".matrix{container-type:inline-size;max-width:560px}\n"
	".matrix table{table-layout:fixed;font-size:min(14px,var(--fit))}\n"
	".matrix th,.matrix td{padding:.5em 0;text-align:center;border:0;overflow-wrap:normal}\n"
	".matrix td{background:rgba(var(--heat),calc(var(--p)*.45));"
	"border:1px solid var(--card)}\n"
	".matrix tr>:first-child{color:var(--soft);font-weight:500}\n"
	".ok td:first-child{font-weight:600}\n"
	".map rect{fill:rgba(var(--heat),.22);stroke:var(--card);stroke-width:1}\n"
	".map rect.f{fill:var(--line)}.map text{fill:var(--ink)}.map .t{fill:var(--soft)}\n"
	".heat rect{fill:rgb(var(--heat))}\n"
	".points circle{fill:var(--a);fill-opacity:.45;stroke:none}\n"
	".is-narrow{display:none}\n"
	"@media(max-width:719px){\n"
	".is-narrow{display:block}.is-wide{display:none}\n"
	"header{padding-top:26px}h1{font-size:25px}.tiles dd{font-size:21px}\n"
	".stack thead{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%)}\n"
	".stack,.stack tbody,.stack tr,.stack caption{display:block}\n"
	".stack tr{border-bottom:1px solid var(--line);padding:8px 0}\n"
	".stack th,.stack td{display:flex;justify-content:space-between;gap:16px;border:0;"
	"padding:1px 0;text-align:right}\n"
	".stack td.none{display:none}\n"
	".stack td[data-n]::before,.stack th[data-n]::before{content:attr(data-n);"
	"color:var(--soft);font-weight:400;flex:none;text-align:left}\n"
	"}\n"
	"@media print{body{font-size:12px}section{break-inside:avoid}}\n";

void rt_report_style(Str *out)
{
	rt_plot_style(out, ":root");
	rt_str_add(out, "%s%s%s", page, parts, tables);
}
