"""Output: VTU files for ParaView, plots, and the meshes that both show fields on."""
