/* See web_edge.h. */
#include "role/web/web_edge.h"

struct edge web_edge;
