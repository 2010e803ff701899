/* See web_metrics.h. The text lies here ready made: a scrape costs a copy of it, and asks no other role. */
#include "role/web/web_metrics.h"

#include "role/web/web_edge.h"

void web_metrics_answer(struct web_exchange *e)
{
	struct view text = buf_view(&web_edge.process->metrics);
	if (!view_equal(http_exchange_path(e->x), VIEW("/metrics")))
		web_exchange_refuse(
		    e, 404, NULL, NULL, "The figures are at /metrics; there is nothing else here.");
	else if (!http_exchange_is(e->x, "GET") && !http_exchange_is(e->x, "HEAD"))
		web_exchange_refuse(e, 405, NULL, NULL, "The figures can only be read.");
	else if (text.len == 0)
		web_exchange_refuse(
		    e, 503, NULL, NULL, "The figures have not been gathered yet; ask again in some seconds.");
	else
		http_exchange_reply(
		    e->x, 200, VIEW("application/openmetrics-text; version=1.0.0; charset=utf-8"), text);
}
