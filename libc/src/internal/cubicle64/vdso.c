/* No kernel, no vDSO. */
