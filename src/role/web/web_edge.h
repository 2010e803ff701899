/* The edge of this process (edge/edge.h), for every part of the role. */
#ifndef ROLE_WEB_WEB_EDGE_H
#define ROLE_WEB_WEB_EDGE_H

#include "edge/edge.h"

extern struct edge web_edge;

#endif
