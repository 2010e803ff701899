/* A message of the queue as a line of JSON: the form is queue_command.h's. */
#ifndef ROLE_STORE_STORE_QUEUE_JSON_H
#define ROLE_STORE_STORE_QUEUE_JSON_H

#include "queue/queue_pause.h"
#include "queue/queue_walk.h"

/* Appends the line with its end. `w` knows the destinations. */
void store_queue_json(struct queue_walk *w, const struct queue_found *found, int64_t now, struct buf *out);

/* Appends {"destination","since","by"?,"why"?}. */
void store_queue_pause_json(const struct queue_pause *pause, struct buf *out);

#endif
