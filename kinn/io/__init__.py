"""Files and figures: VTU for ParaView, plots, the mesh that both are drawn on."""
