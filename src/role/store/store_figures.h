/* What operators watch of the store and the queue: base/metrics.h. */
#ifndef ROLE_STORE_STORE_FIGURES_H
#define ROLE_STORE_STORE_FIGURES_H

void store_figures_start(void);
/* Before the store is closed. */
void store_figures_stop(void);

#endif
