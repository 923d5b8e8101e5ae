/*
 * Operations for plain code with one view, at address 0: those of backend `none`, and of each
 * process of backend `ipc`. backend.h has their contracts.
 */
#ifndef MONITOR_NONE_H
#define MONITOR_NONE_H

#include "backend/backend.h"

uint64_t none_view_base(unsigned id);
unsigned none_view_of(uint64_t address, unsigned running);
int none_map(unsigned owner, uint32_t page, uint32_t npages);
int none_unmap(unsigned owner, uint32_t page, uint32_t npages);
int none_empty(unsigned owner, uint32_t page, uint32_t npages);
int none_protect(unsigned owner, uint32_t page, uint32_t npages, unsigned rights);
int none_share(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
               unsigned rights);
int none_revoke(unsigned peer, uint32_t page, uint32_t npages);
bool none_verify(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result);
void none_emit_switch(struct emitter *e, unsigned id, bool returning);

#endif
