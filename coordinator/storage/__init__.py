"""Object stores: what stands behind `uploads.ports.ObjectStore`."""
