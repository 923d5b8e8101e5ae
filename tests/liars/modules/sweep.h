/* Calling everything that the module may call, once and without malice. */
#ifndef LIAR_SWEEP_H
#define LIAR_SWEEP_H

/** Calls every function of liar_imports that returns, with arguments that name the module's own
 *  memory. The number of calls that did not answer with an error. */
int sweep_benign(void);

#endif
