"""Dense vectors of pictures and captions, as a data set to train and judge heads on; knows no training."""
