"""Object stores: what stands behind `uploads.store.ObjectStore`."""
